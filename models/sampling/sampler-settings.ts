import type { SolverName } from './scheduler-names.ts';

/** T, the guidance scale and K of the method. */
export interface SamplerSettings {
  steps: number;
  guidance: number;
  /** How many of the last steps see the tuned encoder and, in training, carry gradient. */
  gradientSteps: number;
  /** Where pictures are only made; training has DDIM's steps. Default DDIM. */
  scheduler?: SolverName | undefined;
}
