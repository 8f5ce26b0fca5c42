import { singlePass, type GradientVariant } from './variant.ts';

/** The last `steps` steps carry gradient; by default all K (DRaFT-K, arXiv 2309.17400, as in the TextCraftor paper). */
export const last = (steps?: number): GradientVariant =>
  singlePass((available) => Math.min(steps ?? available, available));
