import type { SchedulerName } from './scheduler-names.ts';

/** The method's T (`steps`), guidance scale and K (`gradientSteps`). */
export interface SamplerSettings {
  steps: number;
  guidance: number;
  /** K: the number of last steps that use the tuned encoder and, in training, carry gradient. */
  gradientSteps: number;
  /** For generation only, since training always uses DDIM. Default: DDIM. */
  scheduler?: SchedulerName | undefined;
}
