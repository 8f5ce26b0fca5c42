import { RandomStream } from '../../common/random.ts';
import { singlePass, type GradientVariant } from './variant.ts';

/** The last k steps carry gradient, with k drawn from 1 .. K at each training step (AlignProp, arXiv 2310.03739). */
export const random = (seed: number): GradientVariant =>
  singlePass((available, step) => 1 + new RandomStream(seed, 'truncation', step).integer(available));
