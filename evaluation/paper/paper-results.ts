import type { Scores } from '../results.ts';
import type { Variant } from './matrix.ts';

/** Outcome of a run that the alarm should stop. */
export interface Stop {
  variant: Variant;
  seed: number;
  /** The alarm's message; undefined when it did not stop the run. */
  message: string | undefined;
}

/** By arm and metric: one value per prompt, averaged over the seeds of tuning. */
export type Results = Readonly<Record<string, Readonly<Record<string, Float64Array>>>>;

/** The scores of one run's benchmark, and the time that its stages took when they ran. */
export interface CollectedRun {
  variant: Variant;
  seed: number;
  /** Scores by arm, for the benchmark and each other UNet. */
  sets: { name: string; arms: Readonly<Record<string, string>>; scores: Scores['scores'] }[];
  prompts: number;
  /** For each of its prompts, whether it is rephrased: in other words than the canonical caption. */
  rephrased: readonly boolean[];
  samplesPerPrompt: number;
  /** The choice of validation prompts, by arm of the comparison. */
  chosen: Record<string, string>;
  /** The pictures of the first test prompts: files by arm of the comparison. */
  pictures: { prompt: string; files: Record<string, string> }[];
  /** Seconds and reward evaluations of the tuning stages. */
  tuning: { stage: string; seconds: number; rewardEvaluations: number }[];
}
