import { describe, expect, it } from 'vitest';
import { product } from '../../../common/product.ts';
import { RandomStream } from '../../../common/random.ts';
import { vectorJacobianProduct } from '../../../engine/vector-jacobian.ts';
import * as layers from '../../../engine/layers/layers.ts';
import type { Parameters } from '../../../engine/weights/parameters.ts';
import { Program, float32, int32 } from '../../../engine/program/program.ts';
import { tf, type Tensor } from '../../../engine/tensorflow.ts';
import { WeightParameters } from '../../setup/weight-parameters.ts';
import { type Weights } from '../../../engine/weights/weights.ts';

/** A small network with every kind of layer of the models. x [2, 6, 6, 8], ids [2, 5] -> [2, 36, 16] */
function network(p: Parameters, x: Tensor, ids: Tensor): Tensor {
  let h = layers.conv2d(p.at('conv_in'), x, 8);
  h = h.add(layers.conv2d(p.at('conv'), layers.silu(layers.groupNorm(p.at('norm'), h, 4)), 8));
  h = layers.conv2d(p.at('down'), h, 8, { stride: 2 });
  h = tf.image.resizeNearestNeighbor(h as never, [6, 6]);
  const context = layers.layerNorm(p.at('layer_norm'), layers.embedding(p.at('embedding'), ids, 11, 8));
  const tokens = h.reshape([2, 36, 8]);
  const [q, k, v] = [tokens, context, context].map((t, i) => layers.linear(p.at(`to_${'qkv'[i]}`), t, 8)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const attended = tokens.add(layers.attention(q, k, v, 2));
  const [value, gate] = tf.split(layers.linear(p.at('feed_forward'), attended, 16), 2, -1) as [Tensor, Tensor];
  return tf.concat([value.mul(layers.gelu(gate)), attended], -1);
}

const RATE = 1e-3;
const inputs = { x: float32(2, 6, 6, 8), ids: int32(2, 5) };
const x = tf.tensor4d(new RandomStream(1, 'x').normal(576), [2, 6, 6, 8]);
const ids = tf.tensor2d([1, 2, 3, 4, 5, 0, 10, 9, 1, 1], [2, 5], 'int32');

function build(): { program: Program; weights: Weights } {
  const program = new Program();
  program.entry('forward', inputs, ({ x, ids }, scope) => ({ y: network(scope.parameters('net'), x, ids) }));
  program.entry('gradient', inputs, ({ x, ids }, scope) => {
    const loss = () => network(scope.parameters('net'), x, ids).square().mean();
    const { value, gradients } = vectorJacobianProduct(loss, () => [x, ...scope.used('net').values()]);
    const names = ['x', ...scope.used('net').keys()];
    return { loss: value, ...Object.fromEntries(names.map((name, i) => [`d.${name}`, gradients[i]!])) };
  });
  program.entry('descend', inputs, ({ x, ids }, scope) => {
    const loss = () => network(scope.parameters('net'), x, ids).square().mean();
    const { value, gradients } = vectorJacobianProduct(loss, () => [...scope.used('net').values()]);
    [...scope.used('net')].forEach(([name, tensor], i) =>
      scope.assign(`net/${name}`, tensor.sub(gradients[i]!.mul(RATE))),
    );
    const count = scope.state('count', 'net/conv_in.bias');
    scope.assign('state/count/net/conv_in.bias', count.add(1));
    return { loss: value };
  });
  program.compile();
  const weights: Weights = new Map(
    [...program.parameters('net')].map(([name, shape]) => {
      const size = product(shape);
      return [name, { shape, data: new RandomStream(2, name).normal(size).map((v) => 0.2 * v) }];
    }),
  );
  program.load('net', weights);
  return { program, weights };
}

const largest = (t: Tensor) => t.abs().max().dataSync()[0]!;
/** Relative to the largest value; values that are zero up to rounding (a key's bias under a softmax) count as zero. */
const difference = (a: Tensor, b: Tensor) => largest(a.sub(b)) / Math.max(1e-2, largest(b));

describe('a captured program', () => {
  const { program, weights } = build();

  it('returns what the function returns eagerly', () => {
    const eager = network(new WeightParameters(weights, 'test'), x, ids);
    expect(difference(program.run('forward', { x, ids })['y']!, eager)).toBeLessThan(1e-6);
  });

  it('returns the gradients that tfjs computes eagerly', () => {
    const parameters = new WeightParameters(weights, 'test');
    network(parameters, x, ids);
    const names = [...parameters.used.keys()];
    const loss = (x: Tensor) => network(parameters, x, ids).square().mean();
    const eager = tf.engine().gradients(() => loss(x), [x, ...parameters.used.values()], null as never, true).grads;
    const captured = program.run('gradient', { x, ids });
    ['x', ...names].forEach((name, i) =>
      expect(difference(captured[`d.${name}`]!, eager[i]!), name).toBeLessThan(1e-5),
    );
  });

  it('has gradients that agree with finite differences', () => {
    const captured = program.run('gradient', { x, ids });
    for (const name of program.parameters('net').keys()) {
      const direction = captured[`d.${name}`]!;
      const norm = direction.norm().dataSync()[0]!;
      if (norm < 1e-3) continue;
      const moved = (by: number) => {
        const shifted = new Map(weights);
        program.load('net', weights);
        const { shape, data } = program.read('net').get(name)!;
        const unit = gradientInFileLayout(name);
        shifted.set(name, { shape, data: data.map((v, i) => v + (by * unit[i]!) / norm) });
        program.load('net', shifted);
        return program.run('gradient', { x, ids })['loss']!.dataSync()[0]!;
      };
      const step = 1e-2;
      const slope = (moved(step) - moved(-step)) / (2 * step);
      program.load('net', weights);
      expect(Math.abs(slope - norm) / norm, name).toBeLessThan(0.02);
    }

    /** The gradient of a parameter in the order of its file, by one step of descent. */
    function gradientInFileLayout(name: string): Float32Array {
      program.load('net', weights);
      program.run('descend', { x, ids });
      const after = program.read('net').get(name)!.data;
      program.load('net', weights);
      return after.map((v, i) => (weights.get(name)!.data[i]! - v) / RATE);
    }
  });

  it('reads back the weights that were loaded, to the bit', () => {
    program.load('net', weights);
    for (const [name, { shape, data }] of program.read('net')) {
      expect(shape).toEqual(weights.get(name)!.shape);
      expect(data).toEqual(weights.get(name)!.data);
    }
  });

  it('keeps variables between runs, and every run sees the values it started with', () => {
    const { program } = build();
    const losses = [1, 2, 3].map(() => program.run('descend', { x, ids })['loss']!.dataSync()[0]!);
    expect(losses[1]).toBeLessThan(losses[0]!);
    expect(losses[2]).toBeLessThan(losses[1]!);
    expect([...program.read('state').values()][0]!.data).toEqual(new Float32Array(8).fill(3));
  });

  it('gives the same bits in two programs', () => {
    const bits = () => {
      const { program } = build();
      for (let i = 0; i < 3; i++) program.run('descend', { x, ids });
      return [...program.read('net').values()].map(({ data }) => data);
    };
    expect(bits()).toEqual(bits());
  });

  it('names a missing tensor and one of the wrong shape', () => {
    const missing = new Map(weights);
    missing.delete('conv.weight');
    expect(() => program.load('net', missing)).toThrow(/conv\.weight/);
    const wrong = new Map(weights).set('conv.bias', { shape: [9], data: new Float32Array(9) });
    expect(() => program.load('net', wrong)).toThrow(/conv\.bias.*\[9\].*\[8\]/);
  });

  it('refuses an input of another shape', () => {
    expect(() => program.run('forward', { x: tf.zeros([1, 6, 6, 8]), ids })).toThrow(
      /input x is float32\[1,6,6,8\], expected float32\[2,6,6,8\]/,
    );
  });

  it('names the operation that cannot be recorded', () => {
    const broken = new Program();
    expect(() => broken.entry('e', { x: float32(2) }, ({ x }) => ({ y: tf.mul(x, x.dataSync()[0]!) }))).toThrow(
      /no values yet/,
    );
    expect(tf.getBackend()).toBe('tensorflow');
  });
});

it('splits attention into chunks of queries without changing the result', () => {
  const [batch, length, width] = [1, 3000, 4];
  const random = (name: string) =>
    tf.tensor3d(new RandomStream(3, name).normal(batch * length * width), [batch, length, width]);
  const [q, k, v] = [random('q'), random('k'), random('v')];
  // 8 x 3000 x 3000 scores exceed the limit of a chunk; those of one head do not.
  const many = layers.attention(q.tile([8, 1, 1]), k.tile([8, 1, 1]), v.tile([8, 1, 1]), 1);
  const one = layers.attention(q, k, v, 1);
  expect(difference(many.slice([5, 0, 0], [1, length, width]), one)).toBeLessThan(1e-5);
});
