import { RandomStream } from '../../common/random.ts';
import { tf } from '../../engine/tensorflow.ts';
import type { GradientVariant, Pass } from './variant.ts';

/**
 * Only the last step carries gradient, `repeats` times: once as sampled, then from its result with new noise (DRaFT-LV,
 * arXiv 2309.17400, section 4.2).
 * @param level signal and noise at the start of the last step
 */
export const draftLv = (
  repeats: number,
  { signal, noise }: { readonly signal: number; readonly noise: number },
  seed: number,
): GradientVariant => ({
  stepsWithGradient: () => 1,
  passes(last, step) {
    const steps = last.take(1);
    const z0 = steps[0]!.z;
    const again = Array.from({ length: repeats - 1 }, (_, i): Pass => {
      const epsilon = tf.tensor(new RandomStream(seed, 'renoise', step, i + 1).normal(z0.size), z0.shape);
      const taken = last.takeLast(z0.mul(signal).add(epsilon.mul(noise))); // z_1 = signal z_0 + noise epsilon
      return { z0: taken.z, steps: [taken] };
    });
    return [{ z0, steps }, ...again];
  },
});
