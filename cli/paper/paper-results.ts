import type { Variant } from './matrix.ts';

/** How a run ended that the alarm was to stop. */
export interface Stop {
  variant: Variant;
  seed: number;
  /** What the alarm said; undefined when it did not stop the run. */
  message: string | undefined;
}

/** By arm and metric: a value a prompt, averaged over the seeds of tuning. */
export type Results = Readonly<Record<string, Readonly<Record<string, Float64Array>>>>;
