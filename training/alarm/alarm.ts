import { appendFile, copyFile, readFile, writeFile } from 'node:fs/promises';
import { CollapseError } from '../../common/errors.ts';
import { Bootstraps, mean, meanPerPrompt } from '../../common/statistics.ts';
import { meanPairwiseDistance } from '../../rewards/diversity.ts';
import {
  ATTRIBUTES,
  describeCollapse,
  DIVERSITY,
  findCollapse,
  TOTAL,
  type CollapseBounds,
  type Measures,
} from './collapse.ts';
import type { Observer } from './observer.ts';
import type { Rollout } from '../rollout/rollout-samples.ts';

export interface AlarmSettings extends CollapseBounds {
  /** Training steps between two checks. */
  every: number;
  /** Number of validation prompts, and of pictures for each. */
  prompts: number;
  samplesPerPrompt: number;
  /** Tuning ends after this many checks without a new best; without it, never. */
  patience?: number | undefined;
}

export interface AlarmInputs {
  settings: AlarmSettings;
  observer: Observer;
  /** Samples of validation prompts; those of one prompt are adjacent. */
  rollout: Rollout;
  /** K, the number of last steps that see the trained networks. */
  gradientSteps: number;
  /** Weights of the trained rewards. */
  weights: Readonly<Record<string, number>>;
  /** Measures that must not fall: the held-out reward and the text-image similarities. */
  guards: readonly string[];
  /** The measure that `patience` compares. */
  judge: string;
  seed: number;
}

/**
 * Measures pictures of validation prompts at regular intervals. It stops a run that games its rewards, and ends one
 * that has not improved for long. Its verdict depends only on the networks at that step and on the earlier checks.
 */
export class Alarm {
  readonly #inputs: AlarmInputs;
  readonly #base: Measures;
  readonly #bootstraps: Bootstraps;
  readonly #path: string;
  /** Means of all checks so far; the first is the base's, at step 0. */
  #looks: Record<string, number>[] = [];

  private constructor(inputs: AlarmInputs, path: string) {
    this.#inputs = inputs;
    this.#path = path;
    this.#bootstraps = new Bootstraps(inputs.seed);
    this.#base = this.#look();
  }

  /**
   * Measures the base, so the networks must be the original ones.
   * @param path file of the checks, one JSON line each
   */
  static measureBase(inputs: AlarmInputs, path: string): Alarm {
    return new Alarm(inputs, path);
  }

  /** Discards the checks after `step`, from which tuning continues. */
  async goOnFrom(step: number): Promise<void> {
    const text = step === 0 ? '' : await readFile(this.#path, 'utf8').catch(() => '');
    const lines = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, number>);
    this.#looks = [means(0, this.#base), ...lines.filter((line) => line['step']! > 0 && line['step']! <= step)];
    await writeFile(this.#path, this.#looks.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  /** Returns whether `patience` checks have passed without a new best. */
  hasEnded(): boolean {
    const { patience } = this.#inputs.settings;
    const scores = this.#looks.map((look) => look[this.#inputs.judge]!);
    return patience !== undefined && scores.length - 1 - scores.indexOf(Math.max(...scores)) >= patience;
  }

  /** Copies the file of the checks to `path`. */
  async keep(path: string): Promise<void> {
    await copyFile(this.#path, path);
  }

  /**
   * Measures the networks if a check is due at this step.
   * @returns whether tuning ends here because it has not improved for long
   * @throws CollapseError naming the measures that fell and by how much
   */
  async check(step: number): Promise<boolean> {
    const { settings, guards } = this.#inputs;
    if (step % settings.every !== 0) return false;
    const now = this.#look();
    const line = means(step, now);
    this.#looks.push(line);
    await appendFile(this.#path, `${JSON.stringify(line)}\n`);
    const collapse = findCollapse(this.#base, now, guards, settings, this.#bootstraps);
    if (collapse) throw new CollapseError(describeCollapse(collapse, step, settings.prompts));
    return this.hasEnded();
  }

  #look(): Measures {
    const { observer, rollout, gradientSteps, settings, weights } = this.#inputs;
    const { samples } = rollout;
    const scores: Record<string, Float64Array> = {};
    let embeddings = new Float32Array(0);
    let width = 0;
    for (let first = 0; first < samples.length; first += observer.batch) {
      const rows = Array.from({ length: observer.batch }, (_, i) => Math.min(first + i, samples.length - 1));
      const count = Math.min(observer.batch, samples.length - first);
      const seen = observer.observe(rollout, rows, gradientSteps);
      for (const [name, values] of Object.entries(seen.scores))
        (scores[name] ??= new Float64Array(samples.length)).set(values.subarray(0, count), first);
      width = seen.width;
      if (embeddings.length === 0) embeddings = new Float32Array(samples.length * width);
      embeddings.set(seen.embeddings.subarray(0, count * width), first * width);
    }
    const each = settings.samplesPerPrompt;
    const perPrompt = Object.fromEntries(
      Object.entries(scores).map(([name, values]) => [name, meanPerPrompt(values, each)]),
    );
    const total = Float64Array.from({ length: samples.length / each }, (_, i) =>
      Object.entries(weights).reduce((sum, [name, weight]) => sum + weight * perPrompt[name]![i]!, 0),
    );
    const size = each * width;
    const distances = Float64Array.from(total, (_, i) =>
      meanPairwiseDistance(embeddings.subarray(i * size, (i + 1) * size), width),
    );
    return {
      ...perPrompt,
      [TOTAL]: total,
      [ATTRIBUTES]: attributesRight(perPrompt, total.length),
      ...(each > 1 && width > 0 ? { [DIVERSITY]: distances } : {}),
    };
  }
}

/** Returns a line of the file: each measure's mean over the prompts that have it. */
function means(step: number, measures: Measures): Record<string, number> {
  const known = Object.entries(measures).flatMap(([name, values]) => {
    const found = values.filter((value) => !Number.isNaN(value));
    return found.length > 0 ? [[name, mean(found)] as const] : [];
  });
  return { step, ...Object.fromEntries(known) };
}

/**
 * Returns each prompt's mean over the attributes that the exact judge scored (`oracle.shape` ...); NaN if it scored
 * none.
 */
function attributesRight(perPrompt: Measures, prompts: number): Float64Array {
  const judged = Object.entries(perPrompt).filter(([name]) => name.startsWith('oracle.'));
  return Float64Array.from({ length: prompts }, (_, i) => {
    const known = judged.map(([, values]) => values[i]!).filter((value) => !Number.isNaN(value));
    return known.length > 0 ? mean(known) : NaN;
  });
}
