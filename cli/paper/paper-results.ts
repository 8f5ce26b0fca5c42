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
