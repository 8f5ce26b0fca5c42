import { expect, it } from 'vitest';
import { tf } from '../../../engine/tensorflow.ts';
import { stepNumbers } from '../../../models/sampling/one-step.ts';
import { sample, type Evaluate } from '../../../models/sampling/sample.ts';

const oneStep = {
  start: 2,
  steps: [
    { t: 9, z: [3], output: [1] },
    { t: 5, z: [1], output: [-1] },
  ],
};
/** a z + b t */
const evaluate: Evaluate = (_, z, [t, a, b]) => z.mul(a).add(b * t);

it('takes one-step plans from any step to any other', () => {
  expect(stepNumbers(oneStep)).toEqual([
    [9, 3, 1],
    [5, 1, -1],
  ]);
  const noise = tf.tensor1d([1]);
  const values = (options?: Parameters<typeof sample>[3]) => [...sample(noise, oneStep, evaluate, options).dataSync()];
  expect(values()).toEqual([2 * 3 + 9 - 5]);
  expect(values({ until: 1 })).toEqual([2 * 3 + 9]);
  expect(values({ from: 1 })).toEqual([1 - 5]);
  expect(values({ from: 2 })).toEqual([1]);
  expect([...noise.dataSync()]).toEqual([1]);
});

it('takes multistep plans with all latents and outputs before a step, as a whole', () => {
  const plan = {
    start: 1,
    steps: [
      { t: 1, z: [2], output: [1] },
      { t: 2, z: [1, 1], output: [3, 1] },
    ],
  };
  // z_1 = 2 z_0 + 1, z_2 = z_1 + z_0 + 3 * 2 + 1
  expect([...sample(tf.tensor1d([5]), plan, evaluate).dataSync()]).toEqual([11 + 5 + 7]);
  expect(() => sample(tf.tensor1d([5]), plan, evaluate, { from: 1 })).toThrow(
    'cannot begin or end at an intermediate step',
  );
});

it('leaves nothing behind but what it returns', () => {
  const noise = tf.tensor1d([1]);
  const before = tf.memory().numTensors;
  sample(noise, oneStep, (_, z, [t, a, b]) => tf.tidy(() => z.mul(a).add(b * t))).dispose();
  expect(tf.memory().numTensors).toBe(before);
});
