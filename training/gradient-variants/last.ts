import { singlePass, type GradientVariant } from './variant.ts';

/** The last `steps` steps; all K of them when that is left out (DRaFT-K, arXiv 2309.17400: the paper's way). */
export const last = (steps?: number): GradientVariant =>
  singlePass((available) => Math.min(steps ?? available, available));
