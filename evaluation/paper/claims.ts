import type { Bootstraps } from '../../common/statistics.ts';
import { isSmooth, rises, type CurvePoint } from './blend-claims.ts';
import type { Results, Stop } from './paper-results.ts';
import { statement, verdictOf, type Statement, type Verdict } from './statements.ts';

export interface Claim {
  text: string;
  verdict: Verdict;
  /** The numbers behind the verdict; all of them must be as they say. */
  numbers: Statement[];
  /** Other facts behind the verdict. */
  remarks?: string[];
}

/** All measurements of the comparison. */
export interface Measured {
  results: Results;
  /** For each prompt of the benchmark, whether it is rephrased: other words than the canonical caption. */
  rephrased: readonly boolean[];
  /** Names of the rewards that were trained on. */
  trained: readonly string[];
  /** Outcomes of the runs that the alarm should stop; all others completed. */
  stops: readonly Stop[];
  /** Steps of tuning the encoder with the constraint. */
  steps: number;
  bootstraps: Bootstraps;
}

/** Exact accuracy, exact quality, and a reward that nothing was trained on. */
const JUDGES = ['oracle', 'quality', 'heldOut'];
/** Largest difference of two arms that count as equal on the oracle and on its quality, both from 0 to 1. */
export const TOLERANCE = 0.03;
/** Share of the chosen encoder's gain that its exported files must keep. */
const KEPT_GAIN = 0.75;
const CURVE = ['base', 'encoder at 0.25', 'encoder at 0.50', 'encoder at 0.75', 'encoder at 1.00', 'encoder at 1.25'];

const label = (metric: string) => ({ oracle: 'oracle', heldOut: 'held-out reward' })[metric] ?? metric;

/** Makes statements and claims from the measurements. */
class Claims {
  readonly #measured: Measured;

  constructor(measured: Measured) {
    this.#measured = measured;
  }

  values(arm: string, metric: string): Float64Array | undefined {
    return this.#measured.results[arm]?.[metric];
  }

  /** States where the mean difference of two arms lies. */
  difference(arm: string, against: string, metric: string, must: Statement['must'] = 'above', bound = 0) {
    const { bootstraps } = this.#measured;
    return statement(bootstraps, metric, [this.values(arm, metric), this.values(against, metric)], must, bound);
  }

  claim(text: string, statements: readonly (Statement | undefined)[]): Claim {
    return { text, verdict: verdictOf(statements), numbers: statements.filter((each) => each !== undefined) };
  }

  /** Claims that an arm is better than another on every one of these metrics. */
  better(arm: string, against: string, metrics: readonly string[] = JUDGES): Claim {
    const text = `${arm} is better than ${against} (${metrics.map(label).join(', ')})`;
    return this.claim(
      text,
      metrics.map((metric) => this.difference(arm, against, metric)),
    );
  }

  /** The same on the rephrased prompts alone. */
  betterRephrased(arm: string, against: string): Claim {
    const { bootstraps, rephrased } = this.#measured;
    const part = (own: string, metric: string) => {
      const values = this.values(own, metric);
      return values?.length === rephrased.length ? values.filter((_, i) => rephrased[i]!) : undefined;
    };
    return this.claim(
      `${arm} is better than ${against} on rephrased prompts too (${JUDGES.map(label).join(', ')})`,
      JUDGES.map((metric) => statement(bootstraps, metric, [part(arm, metric), part(against, metric)])),
    );
  }

  /** Claims that an arm keeps at least nine tenths of the base's diversity. */
  diverse(arm: string): Claim {
    const least = this.values('base', 'diversity')?.map((value) => 0.9 * value);
    const { bootstraps } = this.#measured;
    return this.claim(`${arm} keeps more than 90 % of the base's diversity`, [
      statement(bootstraps, 'diversity over 90 %', [this.values(arm, 'diversity'), least]),
    ]);
  }

  /** Looks, by the exact judge and by the reward for looks if one was trained on. */
  get looks(): string[] {
    return ['quality', ...this.#measured.trained.filter((name) => name === 'aesthetic')];
  }

  /** The paper's Table 1: words buy looks with alignment, tuning does not. */
  words(): Claim[] {
    const { looks } = this;
    const raises = (arm: string) => looks.map((metric) => this.difference(arm, 'base', metric));
    return [
      this.claim(`prompt engineering raises ${looks.join(' and ')}, and lowers the oracle`, [
        ...raises('prompt engineering'),
        this.difference('prompt engineering', 'base', 'oracle', 'below'),
      ]),
      this.claim(`encoder raises ${looks.join(' and ')}, and the oracle falls by less than ${TOLERANCE}`, [
        ...raises('encoder'),
        this.difference('encoder', 'base', 'oracle', 'above', -TOLERANCE),
      ]),
    ];
  }

  /** Claims that the exported files do as well as the chosen blend in the last steps. */
  exported(): Claim {
    const { bootstraps } = this.#measured;
    const [base, chosen] = [this.values('base', 'heldOut'), this.values('encoder', 'heldOut')];
    const least = base && chosen?.map((value, i) => base[i]! + KEPT_GAIN * (value - base[i]!));
    return this.claim(
      `encoder, exported is within ${TOLERANCE} of encoder (oracle, quality), and keeps more than ${100 * KEPT_GAIN} % of its gain (held-out reward)`,
      [
        ...['oracle', 'quality'].flatMap((metric) => [
          this.difference('encoder, exported', 'encoder', metric, 'above', -TOLERANCE),
          this.difference('encoder, exported', 'encoder', metric, 'below', TOLERANCE),
        ]),
        this.difference('encoder', 'base', 'heldOut'),
        statement(bootstraps, `heldOut over ${100 * KEPT_GAIN} %`, [
          this.values('encoder, exported', 'heldOut'),
          least,
        ]),
      ],
    );
  }

  curve(metric: string): CurvePoint[] {
    return CURVE.map((arm) => [arm, this.values(arm, metric)]);
  }

  rising(metric: string): Claim {
    const text = `${label(metric)} rises with the blend's weight (0 to 1.25), and no step is shown to lower it`;
    return this.claim(text, rises(this.#measured.bootstraps, this.curve(metric)));
  }

  smooth(metric: string): Claim {
    const { bootstraps } = this.#measured;
    const curve = this.curve(metric);
    return this.claim(
      `blends move smoothly: ${label(metric)} rises with the weight (0 to 1.25), and no step is as much as half of the rise`,
      [...rises(bootstraps, curve), ...isSmooth(bootstraps, curve)],
    );
  }

  /** Claims that the alarm stops tuning without the constraint alone: runs with it were not stopped, or had no results. */
  stopped(): Claim {
    const { stops, results, steps } = this.#measured;
    const without = stops[0] ? ` of ${stops[0].variant.steps} steps` : '';
    const text = `without the CLIP constraint the alarm stops tuning${without}; with it, tuning of ${steps} steps is not stopped`;
    if (stops.length === 0 || !results['encoder']) return { text, verdict: 'not measured', numbers: [] };
    const heard = stops.filter(({ message }) => message !== undefined).length;
    const remarks = stops.map(({ seed, message }) => `seed ${seed}: ${message ?? 'it was not stopped'}`);
    const verdict = heard === stops.length ? 'holds' : heard === 0 ? 'does not hold' : 'undecided';
    return { text, verdict, numbers: [], remarks };
  }
}

/** Judges the paper's claims, each by its measurements. */
export function claims(measured: Measured): Claim[] {
  const all = new Claims(measured);
  const { trained } = measured;
  return [
    all.better('encoder', 'base', trained),
    all.better('encoder', 'base'),
    all.betterRephrased('encoder', 'base'),
    all.better('encoder, exported', 'base'),
    all.exported(),
    ...all.words(),
    all.better('encoder', 'prompt engineering'),
    all.better('encoder', 'DDPO, encoder'),
    all.better('encoder', 'direct tuning'),
    all.diverse('encoder'),
    all.better('encoder, LoRA', 'base'),
    all.better('UNet', 'DDPO, UNet', ['heldOut']),
    all.better('encoder + UNet', 'encoder', ['heldOut']),
    all.better('encoder + UNet', 'joint', ['heldOut']),
    all.better('fusion', 'joint', ['heldOut']),
    ...['second UNet', 'inpainting UNet', 'control UNet'].map((unet) => all.better(`${unet}, encoder`, unet)),
    all.stopped(),
    ...[...trained, 'heldOut', 'oracle'].map((metric) => all.rising(metric)),
    all.smooth('quality'),
  ];
}
