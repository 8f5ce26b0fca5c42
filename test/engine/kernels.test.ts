import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  attention,
  conv2d,
  geglu,
  groupNorm,
  groupNormSilu,
  layerNorm,
  linear,
  quickGelu,
  silu,
} from '../../engine/layers/layers.ts';
import { Program } from '../../engine/program/program.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { difference, fixed, random, valueAndGradients, withParameters } from './program/value-and-gradients.ts';

type Layer = (...inputs: Tensor[]) => Tensor;
const layers: Record<string, [layer: Layer, ...shapes: number[][]]> = {
  'layer normalization': [withParameters(layerNorm), [3, 5, 37], [37], [37]],
  'layer normalization of many rows': [withParameters(layerNorm), [2, 1500, 100], [100], [100]],
  'group normalization': [withParameters((p, x) => groupNorm(p, x, 3)), [2, 5, 7, 21], [21], [21]],
  'group normalization of single channels': [withParameters((p, x) => groupNorm(p, x, 5)), [1, 3, 3, 5], [5], [5]],
  'group normalization and SiLU': [withParameters((p, x) => groupNormSilu(p, x, 4)), [2, 9, 11, 20], [20], [20]],
  'group normalization and SiLU of a large picture': [
    withParameters((p, x) => groupNormSilu(p, x, 4)),
    [1, 70, 90, 48],
    [48],
    [48],
  ],
  SiLU: [(x) => silu(x!.mul(20)), [3, 7, 11]],
  'quick GELU': [(x) => quickGelu(x!.mul(20)), [3, 300, 301]],
  GEGLU: [withParameters((p, x) => geglu(p, x, 9)), [2, 13, 6], [18, 6], [18]],
  'a matrix product': [withParameters((p, x) => linear(p, x, 7)), [2, 9, 5], [5, 7], [7]],
  'a large matrix product': [withParameters((p, x) => linear(p, x, 150)), [301, 1100], [1100, 150], [150]],
  'a matrix product without bias': [
    (x, weight) => linear(fixed({ weight: weight! }), x!, 33, { bias: false }),
    [5, 20],
    [20, 33],
  ],
  'a convolution of 3 x 3 pixels': [withParameters((p, x) => conv2d(p, x, 9)), [2, 6, 8, 5], [3, 3, 5, 9], [9]],
  'a convolution of 3 x 3 pixels of an odd picture': [
    withParameters((p, x) => conv2d(p, x, 40)),
    [1, 7, 5, 33],
    [3, 3, 33, 40],
    [40],
  ],
  'a convolution of 3 x 3 pixels of one pixel': [
    withParameters((p, x) => conv2d(p, x, 2)),
    [1, 1, 1, 3],
    [3, 3, 3, 2],
    [2],
  ],
  'a convolution of 3 x 3 pixels of a large picture': [
    withParameters((p, x) => conv2d(p, x, 48)),
    [1, 101, 90, 40],
    [3, 3, 40, 48],
    [48],
  ],
  'a convolution of 3 x 3 pixels without bias': [
    (x, weight) => conv2d(fixed({ weight: weight! }), x!, 9, { bias: false }),
    [1, 4, 6, 5],
    [3, 3, 5, 9],
  ],
  'a convolution of single pixels': [
    withParameters((p, x) => conv2d(p, x, 10, { kernel: 1 })),
    [2, 5, 3, 6],
    [1, 1, 6, 10],
    [10],
  ],
  'attention, depth 12': [(q, k, v) => attention(q!, k!, v!, 4), [2, 70, 48], [2, 33, 48], [2, 33, 48]],
  'attention, depth 1': [(q, k, v) => attention(q!, k!, v!, 3), [1, 1, 3], [1, 2, 3], [1, 2, 3]],
  'attention, depth 64': [(q, k, v) => attention(q!, k!, v!, 2), [3, 64, 128], [3, 77, 128], [3, 77, 128]],
  'attention, depth 40': [(q, k, v) => attention(q!, k!, v!, 8), [1, 145, 320], [1, 77, 320], [1, 77, 320]],
  'attention of one large head': [(q, k, v) => attention(q!, k!, v!, 1), [1, 700, 96], [1, 700, 96], [1, 700, 96]],
  'attention to earlier places': [
    (q, k, v) => attention(q!, k!, v!, 2, { causal: true }),
    ...[0, 1, 2].map(() => [2, 77, 26]),
  ],
};

describe.each(Object.entries(layers))('the kernel of %s', (name, [layer, ...shapes]) => {
  const inputs = shapes.map((shape, i) => random(`x${i}`, shape));

  it("has the values and gradients of TensorFlow's own operations", () => {
    const expected = valueAndGradients(layer, inputs, { kernels: false });
    const found = valueAndGradients(layer, inputs);
    expect(found.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
    // The sum cancels, and is compared by its gradients.
    for (const [i, tensor] of found.entries()) if (i !== 1) expect(difference(tensor, expected[i]!)).toBeLessThan(3e-6);
  });

  it('lets no NaN disappear', () => {
    const [x, ...others] = inputs as [Tensor, ...Tensor[]];
    const broken = tf.where(
      tf
        .range(0, x.size)
        .equal(x.size - 1)
        .reshape(x.shape),
      NaN,
      x,
    );
    const [y, , dx, dWeight] = valueAndGradients(layer, [broken, ...others]);
    // The gradient of a linear map by its input does not depend on that.
    const depends = /product|convolution/.test(name) ? dWeight : dx;
    for (const tensor of [y!, depends!]) expect(tensor.flatten().isNaN().any().dataSync()[0]).toBe(1);
  });
});

it('kernels are not used with other types, or when they are turned off', () => {
  const uses = (options: ConstructorParameters<typeof Program>[0]) => {
    let used = false;
    const program = new Program(options);
    program.entry('f', {}, () => {
      used = (tf.backend() as unknown as { hasKernels: boolean }).hasKernels;
      return {};
    });
    return used;
  };
  expect([{}, { kernels: false }, { type: 'bfloat16' } as const].map(uses)).toEqual([true, false, false]);
});

it('kernels return the same bits with any number of threads', () => {
  const digest = (threads: number) =>
    execFileSync(process.execPath, ['--import', 'tsx', 'test/engine/kernels-digest.ts'], {
      encoding: 'utf8',
      env: { ...process.env, TF_NUM_INTRAOP_THREADS: String(threads) },
    });
  expect(digest(3)).toBe(digest(1));
});
