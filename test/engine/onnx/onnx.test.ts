import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../common/files.ts';
import { product } from '../../../common/product.ts';
import { RandomStream } from '../../../common/random.ts';
import * as layers from '../../../engine/layers/layers.ts';
import { exportOnnx } from '../../../engine/onnx/export.ts';
import { encodeModel, writeModel } from '../../../engine/onnx/onnx-format.ts';
import { OnnxSession } from '../../../engine/onnx/session.ts';
import type { OpenTensorSpec } from '../../../engine/onnx/recording.ts';
import { trace } from '../../../engine/onnx/trace.ts';
import type { Parameters } from '../../../engine/weights/parameters.ts';
import { tf, type Tensor } from '../../../engine/tensorflow.ts';
import { WeightParameters } from '../../setup/weight-parameters.ts';
import { type Weights } from '../../../engine/weights/weights.ts';

const random = (name: string, shape: number[]): Tensor =>
  tf.tensor(Float32Array.from(new RandomStream(3, name).normal(product(shape))), shape);

interface Case {
  build: (inputs: Record<'x' | 'y', Tensor>, p: Parameters) => Tensor;
  weights?: Weights;
  x?: number[];
  y?: number[];
  /** Whether the first size of x and y is left open. */
  open?: boolean;
}

const X = [2, 6, 5, 3];
const open = (shape: number[], isOpen: boolean): OpenTensorSpec => ({
  shape: isOpen ? ['batch', ...shape.slice(1)] : shape,
  dtype: 'float32',
});

/** The function in ONNX Runtime and as tfjs calculates it, on a batch of 2 or, where its size is open, of 4. */
async function both({
  build,
  weights = new Map(),
  x = X,
  y = X,
  open: isOpen = false,
}: Case): Promise<[Tensor, Tensor]> {
  const graph = exportOnnx({
    name: 'test',
    source: 'test',
    inputs: { x: open(x, isOpen), y: open(y, isOpen) },
    weights,
    build: (inputs, p) => ({ result: build(inputs, p).cast('float32') }),
  });
  const session = await OnnxSession.load(encodeModel(graph), { threads: 1 });
  const batch = (shape: number[]) => (isOpen ? [4, ...shape.slice(1)] : shape);
  const inputs = { x: random('x', batch(x)), y: random('y', batch(y)) };
  const feeds = Object.entries(inputs).map(([name, t]) => [
    name,
    { shape: t.shape, data: t.dataSync() as Float32Array },
  ]);
  const used = feeds.filter(([name]) => session.inputs.includes(name as string));
  const { result } = await session.run(Object.fromEntries(used));
  await session.dispose();
  const expected = build(inputs, new WeightParameters(weights, 'test')).cast('float32');
  return [tf.tensor(result!.data, [...result!.shape]), expected];
}

async function check(test: Case): Promise<void> {
  const [actual, expected] = await both(test);
  expect(actual.shape).toEqual(expected.shape);
  const scale = Math.max(1e-3, expected.abs().max().dataSync()[0]!);
  expect(actual.sub(expected).abs().max().dataSync()[0]! / scale).toBeLessThan(1e-5);
}

type Picture = ReturnType<typeof tf.tensor4d>;
const picture = (x: Tensor) => x as Picture;
const filter = () => random('filter', [3, 3, 3, 4]) as Picture;

// prettier-ignore
const cases: Record<string, Case['build']> = {
  'element-wise functions': ({ x }) => tf.addN([x.abs().add(1).log(), x.exp(), x.sin(), x.cos(), x.tanh(), x.erf(), x.elu(), x.relu(), x.softplus(), x.sigmoid(), x.square(), x.neg(), x.sign(), x.floor(), x.ceil(), x.round()]),
  'roots and reciprocals': ({ x }) => x.abs().add(0.1).rsqrt().add(x.abs().sqrt()).add(x.abs().add(1).reciprocal()),
  'arithmetic of two tensors': ({ x, y }) => tf.squaredDifference(x.add(y).div(y.abs().add(1)), x.mul(y)).pow(2).maximum(x).minimum(3),
  'comparisons and logic': ({ x, y }) => x.greater(y).logicalAnd(x.less(1)).logicalOr(x.greaterEqual(2)).logicalOr(y.lessEqual(-2).logicalNot().equal(tf.scalar(0, 'bool'))).cast('float32').add(x.notEqual(y).cast('float32')),
  'a choice': ({ x, y }) => tf.where(x.greater(0), x, y),
  'broadcasting of smaller tensors': ({ x, y }) => x.add(y.slice([0, 0, 0, 0], [1, 1, 5, 3])).mul(y.slice([0, 0, 0, 0], [1, 1, 1, 3]).reshape([3])),
  'reductions': ({ x }) => x.mean([1, 2]).add(x.sum([2, 1])).mul(x.max(3, true).min([1, 2])).add(x.prod(1).mean(1)),
  'softmax and its logarithm': ({ x }) => tf.softmax(x).add(tf.logSoftmax(x)),
  'the place of the largest and the smallest': ({ x }) => x.argMax(-1).add(x.argMin(3)),
  'one-hot vectors': ({ x }) => tf.oneHot(x.argMax(3) as never, 3).cast('float32').mul(x),
  'cutting': ({ x }) => tf.concat([x.slice([0, 1, 0, 1], [2, 4, 5, 2]), tf.stridedSlice(x, [0, 0, 0, 0], [2, 6, 5, 3], [1, 2, 2, 2]).pad([[0, 0], [0, 1], [2, 0], [0, 0]])], 1),
  'splitting and joining': ({ x, y }) => tf.concat([...tf.split(x, [1, 2, 3], 1), ...tf.split(y, 3, 1)].reverse(), 1),
  'stacking': ({ x, y }) => tf.stack([x, y, x], 1).add(tf.stack(tf.unstack(tf.stack([x, x, y], 2), 2).reverse(), 1)),
  'padding with a value, and tiling': ({ x }) => x.pad([[0, 0], [1, 2], [0, 3], [1, 0]], 7).tile([1, 2, 1, 3]),
  'broadcasting to a shape': ({ x }) => x.slice([0, 0, 0, 0], [2, 1, 5, 3]).broadcastTo([2, 6, 5, 3]),
  'transposing back and forth': ({ x, y }) => x.transpose([3, 0, 2, 1]).add(y.transpose([3, 0, 2, 1])).exp().transpose([1, 3, 2, 0]).sub(x),
  'cutting, padding and tiling what is transposed': ({ x }) => tf.concat(tf.split(x.transpose([0, 3, 1, 2]).slice([0, 1, 0, 2], [2, 2, 6, 3]).pad([[0, 0], [0, 1], [1, 0], [0, 0]]).tile([1, 1, 2, 1]), 3, 1).reverse(), 3),
  'reductions and softmax of what is transposed': ({ x }) => tf.softmax(x.transpose([0, 3, 1, 2])).mean([0, 2], true).sum(3).add(x.transpose([3, 1, 2, 0]).sum([2]).mean(2)),
  'products of matrices': ({ x, y }) => tf.matMul(x, y, false, true).add(tf.matMul(x, y, false, true).transpose([0, 1, 3, 2])).add(tf.matMul(tf.matMul(x, y, true), x, false, true).sum()),
  'products of two matrices': ({ x, y }) => { const [a, b] = [x, y].map((t) => t.reshape([12, 15])) as [Tensor, Tensor]; return tf.matMul(a, b, true).add(tf.matMul(a.transpose(), b.transpose(), false, true)); },
  'convolutions': ({ x }) => tf.conv2d(picture(x), filter(), 1, 'same').add(tf.conv2d(picture(x.tile([1, 2, 2, 1])), filter(), 2, 'same')),
  'a convolution with holes and one without margin': ({ x }) => tf.conv2d(picture(x), filter(), 1, 'valid').mean([1, 2]).add(tf.conv2d(picture(x), filter(), 1, 'same', 'NHWC', 2).mean([1, 2])),
  'pooling': ({ x }) => tf.maxPool(picture(x), 2, 2, 'valid').add(tf.avgPool(picture(x), [2, 2], 2, 'valid')),
  'enlarging': ({ x }) => tf.image.resizeNearestNeighbor(picture(x), [12, 10]).add(tf.image.resizeBilinear(picture(x), [12, 10])),
  'enlarging by a fraction': ({ x }) => tf.image.resizeNearestNeighbor(picture(x), [8, 7]),
  'pixels whose centers are at a half': ({ x }) => tf.image.resizeNearestNeighbor(picture(x), [9, 10], false, true).add(tf.image.resizeBilinear(picture(x), [9, 10], false, true)),
};

describe('a function as an ONNX model', () => {
  it.each(Object.entries(cases))('agrees with tfjs in %s', (_, build) => check({ build }));

  const norm = (name: string): Weights =>
    new Map(
      ['weight', 'bias'].map((part) => [
        `${name}.${part}`,
        { shape: [6], data: random(part, [6]).dataSync() as Float32Array },
      ]),
    );
  const matrix = (name: string, shape: number[]): Weights =>
    new Map([[name, { shape, data: random(name, shape).dataSync() as Float32Array }]]);
  const x = [2, 6, 5, 6];

  it('agrees in layers, with weights laid out as in the file', async () => {
    const weights = new Map([
      ...norm('n'),
      ...matrix('l.weight', [4, 6]),
      ...matrix('l.bias', [4]),
      ...matrix('c.weight', [4, 6, 3, 3]),
      ...matrix('c.bias', [4]),
    ]);
    await check({
      x,
      weights,
      build: ({ x }, p) =>
        layers.linear(p.at('l'), layers.layerNorm(p.at('n'), x), 4).add(layers.conv2d(p.at('c'), x, 4)),
    });
    await check({
      x,
      weights,
      build: ({ x }, p) =>
        layers.groupNorm(p.at('n'), x, 2).add(layers.silu(x)).add(layers.gelu(x)).add(layers.quickGelu(x)),
    });
    await check({
      x,
      weights,
      build: ({ x }, p) =>
        p
          .at('l')
          .get('weight', [6, 4], 'linear')
          .mul(x.mean([0, 1]).mean(0).reshape([6, 1])),
    });
  });

  it("has ONNX's own operators for a layer's normalization and gelu", () => {
    const graph = exportOnnx({
      name: 'test',
      source: 'test',
      inputs: { x: open(x, false) },
      weights: norm('n'),
      build: ({ x }, p) => ({ y: layers.gelu(layers.layerNorm(p.at('n'), x)) }),
    });
    expect(graph.nodes.map(({ op }) => op)).toEqual(['LayerNormalization', 'Gelu', 'Identity']);
  });

  it('agrees in attention', async () => {
    const tokens = (t: Tensor) => t.reshape([-1, 30, 6]);
    await check({
      x,
      y: x,
      open: true,
      build: ({ x, y }) => layers.attention(tokens(x), tokens(y), tokens(y), 2, { causal: true }),
    });
  });

  it('takes any batch size if the batch is open', async () => {
    await check({
      open: true,
      build: ({ x, y }) => tf.concat([x, y], 0).reshape([-1, 30, 3]).mean(1, true).tile([1, 4, 1]),
    });
    await check({ open: true, build: ({ x }) => x.slice([1, 0, 0, 0]).slice([0, 0, 0, 0], [-1, 6, 5, 2]) });
  });

  it("leaves the batch open in attention over Stable Diffusion's 64 x 64 latents too, which runs in chunks", () => {
    const tokens = open([2, 4096, 320], true);
    const { operations } = trace({ q: tokens }, ({ q }) => ({ y: layers.attention(q, q, q, 8) }));
    expect(operations.filter(({ op }) => op === 'Softmax')).toHaveLength(16);
  });

  it('stores weights as float16 on request', async () => {
    const data = Float32Array.from([1 / 3, -2.5, 1e-4]);
    const model = {
      name: 'test',
      source: 'test',
      weights: new Map([['w', { shape: [3], data }]]),
      inputs: {},
      build: (_: object, p: Parameters) => ({ result: p.get('w', [3]).mul(1) }),
    };
    const session = await OnnxSession.load(encodeModel(exportOnnx({ ...model, dtype: 'float16' })), { threads: 1 });
    const { result } = await session.run({});
    expect([...result!.data]).toEqual([0.333251953125, -2.5, 0.00010001659393310547]);
    await session.dispose();
    data[1] = 1e6;
    expect(() => encodeModel(exportOnnx({ ...model, dtype: 'float16' }))).toThrow(
      /Tensor w has the value 1000000, which does not fit into float16/,
    );
  });

  it('puts weights beside a model file that would be too large', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'onnx-'));
    const weights = matrix('l.weight', [60, 30]);
    const graph = exportOnnx({
      name: 'test',
      source: 'test',
      inputs: { x: open([2, 30], true) },
      weights,
      build: ({ x }, p) => ({ y: layers.linear(p.at('l'), x, 60, { bias: false }) }),
    });
    const feeds = { x: { shape: [3, 30], data: random('x', [3, 30]).dataSync() as Float32Array } };
    const paths = [
      await writeModel(join(folder, 'one', 'model.onnx'), graph),
      await writeModel(join(folder, 'two', 'model.onnx'), graph, 1000),
    ];
    expect(paths.map((files) => files.map((file) => file.slice(folder.length)))).toEqual([
      ['/one/model.onnx'],
      ['/two/model.onnx', '/two/weights.pb'],
    ]);
    const results = [];
    for (const [path] of paths) {
      const session = await OnnxSession.load(path!, { threads: 1 });
      results.push((await session.run(feeds))['y']!.data);
      await session.dispose();
    }
    expect(results[1]).toEqual(results[0]);
    await rm(folder, { recursive: true });
  });

  it('has the same bytes for the same function and weights', () => {
    const graph = () =>
      exportOnnx({
        name: 'test',
        source: 'test',
        inputs: { x: open(X, true) },
        weights: matrix('f.weight', [4, 3, 3, 3]),
        build: ({ x }, p) => ({ y: layers.silu(layers.conv2d(p.at('f'), x, 4, { bias: false })) }),
      });
    expect(sha256(encodeModel(graph()))).toBe(sha256(encodeModel(graph())));
  });
});

describe('what cannot become an ONNX model', () => {
  const export_ =
    (build: (x: Tensor, p: Parameters) => Tensor, isOpen = false, weights: Weights = new Map()) =>
    () =>
      exportOnnx({
        name: 'test',
        source: 'a.safetensors',
        weights,
        inputs: { x: open(X, isOpen) },
        build: ({ x }, p) => ({ y: build(x, p) }),
      });

  it('names the operation that has no rule', () => {
    expect(export_((x) => x.cumsum(1))).toThrow("TensorFlow's Cumsum has no ONNX rule in engine/onnx");
  });

  it('names the weight that is missing or of another shape, with both shapes', () => {
    const build = (x: Tensor, p: Parameters) => layers.linear(p.at('fc'), x, 4, { bias: false });
    expect(export_(build)).toThrow('Tensor fc.weight is missing from a.safetensors; expected shape [4, 3].');
    const weights = new Map([['fc.weight', { shape: [3, 4], data: new Float32Array(12) }]]);
    expect(export_(build, false, weights)).toThrow(
      'Tensor fc.weight in a.safetensors has shape [3, 4]; expected [4, 3].',
    );
  });

  it('says what depends on an open size', () => {
    expect(export_((x) => x.mul(x.shape[0]!), true)).toThrow(/^Mul.*a constant depends on an open size/);
    expect(export_((x) => (x.shape[0] === 2 ? x.exp() : x.sin()), true)).toThrow(
      /which operations are called depends on an open size/,
    );
    expect(export_((x) => x.reshape([x.shape[0]!, 90 / x.shape[0]!, x.shape[0]!]), true)).toThrow(/open/);
  });

  it('is a file that is not a model, or does not exist', async () => {
    await expect(OnnxSession.load(Uint8Array.of(1, 2, 3))).rejects.toThrow(/ONNX Runtime does not accept the model/);
    await expect(OnnxSession.load('nowhere.onnx')).rejects.toThrow(/does not accept nowhere.onnx/);
  });
});
