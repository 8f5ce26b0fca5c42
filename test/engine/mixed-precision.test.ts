import { describe, expect, it } from 'vitest';
import { product } from '../../common/product.ts';
import { RandomStream } from '../../common/random.ts';
import type { ComputeType } from '../../engine/compute-type.ts';
import { vectorJacobianProduct } from '../../engine/vector-jacobian.ts';
import * as layers from '../../engine/layers/layers.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import { Program, float32, int32, type Tensors } from '../../engine/program/program.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import type { Weights } from '../../engine/weights/weights.ts';

/** Convolutions, strides, norms, attention, gated linear layers. x [2, 16, 16, 8], ids [2, 5] -> [2, 256, 32] */
function network(p: Parameters, x: Tensor, ids: Tensor): Tensor {
  let h = layers.conv2d(p.at('conv_in'), x, 16);
  h = h.add(layers.conv2d(p.at('conv'), layers.groupNormSilu(p.at('norm'), h, 4), 16));
  h = layers.conv2d(p.at('down'), h, 16, { stride: 2 });
  h = tf.image.resizeNearestNeighbor(h as never, [16, 16]);
  const context = layers.layerNorm(p.at('layer_norm'), layers.embedding(p.at('embedding'), ids, 11, 16));
  const tokens = h.reshape([2, 256, 16]);
  const [q, k, v] = [tokens, context, context].map((t, i) => layers.linear(p.at(`to_${'qkv'[i]}`), t, 16)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const attended = tokens.add(layers.attention(q, k, v, 2));
  const fed = layers.linear(p.at('out'), layers.geglu(p.at('in'), layers.layerNorm(p.at('norm2'), attended), 32), 16);
  return tf.concat([fed, attended], -1);
}

const x = tf.tensor4d(new RandomStream(1, 'x').normal(4096), [2, 16, 16, 8]);
const ids = tf.tensor2d([1, 2, 3, 4, 5, 0, 10, 9, 1, 1], [2, 5], 'int32');
const dy = tf.tensor3d(new RandomStream(1, 'dy').normal(2 * 256 * 32), [2, 256, 32]);

/** Layers `net` are trained, `frozen` is only read. */
function build(type: ComputeType): Program {
  // With the same operations in every type, for their sizes to be compared.
  const program = new Program({ type, kernels: false });
  const inputs = { x: float32(2, 16, 16, 8), ids: int32(2, 5) };
  program.entry(
    'vjp',
    { ...inputs, dy: float32(2, 256, 32) },
    ({ x, ids, dy }, scope) => {
      const { value, gradients } = vectorJacobianProduct(
        () => network(scope.parameters('net'), layers.conv2d(scope.parameters('frozen'), x, 8), ids),
        () => [x, ...scope.used('net').values()],
        dy,
      );
      const names = ['x', ...scope.used('net').keys()];
      return { y: value, ...Object.fromEntries(names.map((name, i) => [`d.${name}`, gradients[i]!])) };
    },
    { late: ['dy'] },
  );
  program.entry('move', {}, (_, scope) => {
    for (const name of program.parameters('net').keys())
      scope.assign(`net/${name}`, scope.value(`net/${name}`).mul(1.001));
    return {};
  });
  program.compile();
  for (const group of ['net', 'frozen']) {
    const weights: Weights = new Map(
      [...program.parameters(group)].map(([name, shape]) => {
        const size = product(shape);
        const noise = new RandomStream(2, `${group} ${name}`).normal(size);
        return [
          name,
          { shape, data: noise.map((v) => (shape.length > 1 ? v / Math.sqrt(size / shape[0]!) : 1 + 0.2 * v)) },
        ];
      }),
    );
    program.load(group, weights);
  }
  return program;
}

const programs = { float32: build('float32'), bfloat16: build('bfloat16'), float16: build('float16') };
const exact = programs.float32.run('vjp', { x, ids, dy });

const far = (a: Tensor, b: Tensor) => a.sub(b).norm().div(b.norm()).dataSync()[0]!;
const cosine = (a: Tensor, b: Tensor) => a.mul(b).sum().div(a.norm().mul(b.norm())).dataSync()[0]!;
/** A key's bias shifts all scores of a query alike: its gradient is zero but for rounding. */
const isZero = (name: string) => name === 'd.to_k.bias';

describe.each([
  ['bfloat16', 2e-2, 0.99],
  ['float16', 3e-3, 0.9999],
] as const)('a program in %s', (type, distance, along) => {
  const program = programs[type];
  const found: Tensors = program.run('vjp', { x, ids, dy });

  it('gives the results and gradients of float32, to the precision of its type', () => {
    expect(far(found['y']!, exact['y']!)).toBeLessThan(distance);
    expect(far(found['y']!, exact['y']!)).toBeGreaterThan(distance / 100);
    for (const [name, gradient] of Object.entries(exact).filter(([name]) => name !== 'y' && !isZero(name)))
      expect([name, cosine(found[name]!, gradient) > along]).toEqual([name, true]);
    for (const tensor of Object.values(found)) expect(tensor.dtype).toBe('float32');
  });

  it('gives the same results in two halves, and keeps half as much between them', () => {
    const pending = program.start('vjp', { x, ids });
    const halves = { ...pending.outputs, ...pending.finish({ dy }) };
    for (const [name, tensor] of Object.entries(found)) expect(far(halves[name]!, tensor)).toBeLessThan(1e-4);
    expect(program.keptBytes('vjp')).toBeLessThan(0.6 * programs.float32.keptBytes('vjp'));
  });

  it('keeps assigned variables in float32, and stores the rest in its type', () => {
    const value = programs.float32.read('net').get('in.weight')!.data;
    expect(program.read('net').get('in.weight')!.data).toEqual(value);
    const frozen = program.read('frozen').get('weight')!.data;
    const full = programs.float32.read('frozen').get('weight')!.data;
    const bits = type === 'bfloat16' ? 8 : 11;
    expect(frozen).not.toEqual(full);
    frozen.forEach((v, i) => expect(Math.abs(v - full[i]!)).toBeLessThanOrEqual(Math.abs(full[i]!) * 2 ** -bits));
    program.run('move', {});
    program
      .read('net')
      .get('in.weight')!
      .data.forEach((v, i) => expect(v).toBe(Math.fround(value[i]! * Math.fround(1.001))));
  });
});
