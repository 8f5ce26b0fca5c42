import { canonicalJson } from '../../common/files.ts';
import { runName, type Variant } from '../../evaluation/paper/matrix.ts';
import { duration } from '../../evaluation/report/format-numbers.ts';
import type { Config } from '../../pipeline/config/config.ts';
import { loadConfig } from '../../pipeline/config/config-file.ts';
import { activeStages } from '../../pipeline/pipeline.ts';
import { textcraftor } from '../../pipeline/textcraftor.ts';
import type { WorldName } from '../../world/scenes/common/world-names.ts';

/** One run of the comparison. */
export interface PaperRun {
  variant: Variant;
  seed: number;
}

/** What the comparison makes, each thing once however many runs share it. */
export interface ExpectedWork {
  runs: number;
  stages: number;
  /** Steps of tuning, of every method. */
  steps: number;
  /** Pictures that are made and scored, without those that tuning makes. */
  pictures: number;
  /** Of one core. */
  seconds: number;
}

/**
 * Seconds of one core for an evaluation of the UNet and what goes with it (decoding, rewards), with a second run beside it:
 * in tuning, where the backward pass counts as two evaluations more, and for pictures.
 */
const RATES: Readonly<Record<WorldName, { tuning: number; pictures: number }>> = {
  shapes: { tuning: 0.001, pictures: 0.0008 },
  gallery: { tuning: 0.002, pictures: 0.0018 },
};
/** Seconds of one core before a stage does anything. */
const START = 3;

/**
 * Returns the settings of a run of the comparison, beside those of the configuration's file.
 * @example
 * ```ts
 * import { settingsOf } from './api/paper/expected-time.ts';
 * import { fullBudget, variants } from './evaluation/paper/matrix.ts';
 *
 * console.log(settingsOf({ variant: variants(fullBudget, 'gallery')[0]!, seed: 1 }));
 * ```
 */
export const settingsOf = ({ variant, seed }: PaperRun): string[] => [
  ...variant.settings,
  `seed=${seed}`,
  `name=${runName(variant, seed)}`,
];

/**
 * Counts the work of the comparison from nothing, and estimates its time. Stages with the same settings and inputs are made
 * once for all runs.
 * @param file the comparison's configuration
 * @param folder where relative paths start
 * @throws InputError for settings that are refused
 * @example
 * ```ts
 * import { expectedWork, saidOf } from './api/paper/expected-time.ts';
 * import { fullBudget, variants } from './evaluation/paper/matrix.ts';
 *
 * const runs = variants(fullBudget, 'gallery').map((variant) => ({ variant, seed: 1 }));
 * console.log(saidOf(await expectedWork('configs/paper.yaml', runs, 'gallery', '.'), 2));
 * ```
 */
export async function expectedWork(
  file: string,
  runs: readonly PaperRun[],
  world: WorldName,
  folder: string,
): Promise<ExpectedWork> {
  const made = new Set<string>();
  const total: ExpectedWork = { runs: runs.length, stages: 0, steps: 0, pictures: 0, seconds: 0 };
  for (const run of runs) {
    const settings: Config = await loadConfig(textcraftor, { file, settings: settingsOf(run), folder });
    const identities = new Map<string, string>();
    for (const stage of activeStages(textcraftor, settings)) {
      const inputs = stage.inputs.map((name) => identities.get(name));
      const identity = canonicalJson([stage.name, run.seed, stage.config(settings), inputs]);
      identities.set(stage.name, identity);
      if (made.has(identity)) continue;
      made.add(identity);
      total.stages++;
      total.seconds += START;
      const work = stage.work?.(settings, { evaluationCost: 1 });
      if (!work || !(work.unit in COUNTED)) continue;
      const kind = COUNTED[work.unit as keyof typeof COUNTED];
      total[work.unit === 'steps' ? 'steps' : 'pictures'] += work.count;
      total.seconds += (work.count * work.cost + (work.before ?? 0)) * RATES[world][kind];
    }
  }
  return total;
}

/** Units of work that take most of the time. */
const COUNTED = { steps: 'tuning', pictures: 'pictures', samples: 'pictures' } as const;

/**
 * Says in a line what the comparison makes, and how long it takes from nothing.
 * @param lanes runs at once, a core each
 * @example
 * ```ts
 * import { saidOf } from './api/paper/expected-time.ts';
 *
 * console.log(saidOf({ runs: 1, stages: 9, steps: 160, pictures: 2000, seconds: 300 }, 2));
 * ```
 */
export const saidOf = ({ runs, stages, steps, pictures, seconds }: ExpectedWork, lanes: number): string =>
  `${runs} runs, ${stages} stages, ${steps} steps of tuning, ${pictures} pictures: about ${duration(seconds / lanes)} on ${lanes === 1 ? 'a core' : `${lanes} cores`} if nothing is reused`;
