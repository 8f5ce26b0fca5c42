import { RandomStream } from '../common/random.ts';

/**
 * Which of the last K steps carry gradient:
 *   last      the last `steps` of them; all K when that is left out (DRaFT-K, the paper's way)
 *   random    the last k, k drawn from 1 .. K for each training step (AlignProp, arXiv 2310.03739)
 *   draft-lv  the last one alone, `repeats` times: once as it was sampled, then from its result with new noise
 *             (DRaFT-LV, arXiv 2309.17400, section 4.2)
 * The other steps of the K run under the tuned networks all the same.
 */
export type GradientVariant =
  { type: 'last'; steps?: number | undefined } | { type: 'random' } | { type: 'draft-lv'; repeats: number };

/** How many of the last `available` steps carry gradient at a 1-based training step. */
export function stepsWithGradient(variant: GradientVariant, available: number, seed: number, step: number): number {
  switch (variant.type) {
    case 'last':
      return Math.min(variant.steps ?? available, available);
    case 'random':
      return 1 + new RandomStream(seed, 'truncation', step).integer(available);
    case 'draft-lv':
      return 1;
  }
}
