import { describe, expect, it } from 'vitest';
import { float32, Program } from '../../engine/program/program.ts';
import { vectorJacobianProduct } from '../../engine/vector-jacobian.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { Backward } from '../../training/backward.ts';
import { KeptActivations } from '../../training/kept-activations.ts';
import { LastSteps } from '../../training/last-steps.ts';
import { UNSCALED } from '../../training/optimizer/loss-scale.ts';

/** Steps z' = s z c, s being the step's number, as a tuning program records them. */
function program(): Program {
  const made = new Program();
  const inputs = { z: float32(2), step: float32(1), c: float32(2) };
  const take = (z: Tensor, step: Tensor, c: Tensor) => z.mul(step).mul(c);
  made.entry('step', inputs, ({ z, step, c }) => ({ z: take(z, step, c) }));
  made.entry(
    'stepVjp',
    { ...inputs, dz: float32(2) },
    ({ z, step, c, dz }) => {
      const { value, gradients } = vectorJacobianProduct(
        () => take(z, step, c),
        () => [z, c],
        dz,
      );
      return { z: value, dz: gradients[0]!, 'd.c': gradients[1]! };
    },
    { late: ['dz'] },
  );
  made.compile();
  return made;
}

describe('the last steps and backpropagation through them', () => {
  const own = program();
  const numbers = [[2], [3], [5]];

  it.each([
    ['with activations that are kept', 2 ** 20],
    ['run again', 0],
  ])('%s give the latents and dL/dc = sum_t dL/dz_(t-1) dz_(t-1)/dc', (_, bytes) => {
    const c = { c: tf.tensor1d([1, 2]) };
    const last = new LastSteps(new KeptActivations(own, bytes), numbers, tf.tensor1d([1, 1]), c);
    // z_0 = 30 c^3 z_3; of the last two steps c counts squared: z_0 = 15 c^2 z_2, z_2 = 2 c z_3.
    const steps = last.take(2);
    expect(steps).toHaveLength(2);
    expect([...steps.at(-1)!.z.dataSync()]).toEqual([30, 240]);
    const backward = new Backward({ encode: true, step: false }, UNSCALED, c);
    backward.through(steps, tf.tensor1d([1, 1]));
    const { 'd.c': dc } = backward.embeddings();
    expect([...dc!.dataSync()]).toEqual([2 * 15 * 1 * 2, 2 * 15 * 2 * 4]);
  });

  it('add up over several passes, and give nothing if the embeddings are not trained', () => {
    const c = { c: tf.tensor1d([1, 2]) };
    const last = new LastSteps(new KeptActivations(own, 0), numbers, tf.tensor1d([1, 1]), c);
    const backward = new Backward({ encode: true, step: false }, UNSCALED, c);
    const again = last.takeLast(tf.tensor1d([1, 1]));
    expect([...again.z.dataSync()]).toEqual([5, 10]);
    backward.through([again], tf.tensor1d([1, 1]));
    backward.through([last.takeLast(tf.tensor1d([2, 2]))], tf.tensor1d([1, 1]));
    expect([...backward.embeddings()['d.c']!.dataSync()]).toEqual([15, 15]);
    const frozen = new Backward({ encode: false, step: false }, UNSCALED, c);
    frozen.through([last.takeLast(tf.tensor1d([1, 1]))], tf.tensor1d([1, 1]));
    expect(frozen.embeddings()).toEqual({});
  });
});
