import { describe, expect, it } from 'vitest';
import { product } from '../../common/product.ts';
import { RandomStream } from '../../common/random.ts';
import { checkpoint } from '../../engine/activation-checkpoint.ts';
import { vectorJacobianProduct } from '../../engine/vector-jacobian.ts';
import { attention, geglu, gelu, groupNorm, groupNormSilu, linear, silu } from '../../engine/layers/layers.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import { float32, Program, type Tensors } from '../../engine/program/program.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { difference, fixed, random, valueAndGradients, withParameters } from './program/value-and-gradients.ts';

/** Of TensorFlow's own operations: those of `engine/kernels` are in `kernels.test.ts`. */
const both = (f: (...inputs: Tensor[]) => Tensor, inputs: Tensor[]) => valueAndGradients(f, inputs, { kernels: false });

describe('attention in chunks of the queries', () => {
  const inputs = [random('q', [2, 21, 12]), random('k', [2, 17, 12]), random('v', [2, 17, 12])];
  const whole = both((q, k, v) => attention(q!, k!, v!, 3), inputs);

  it.each([
    ['of five rows', { scoresAtOnce: 3 * 17 * 5 }],
    ['of one row', { scoresAtOnce: 1 }],
    ['whole, computed again for the gradient', { scoresToKeep: 0 }],
  ])('%s gives the same values and gradients', (_name, options) => {
    const parts = both((q, k, v) => attention(q!, k!, v!, 3, options), inputs);
    for (const [i, part] of parts.entries()) expect(difference(part, whole[i]!)).toBeLessThan(1e-5);
  });

  it('masks the future in every chunk', () => {
    const causal = (scoresAtOnce: number) =>
      both((q, k, v) => attention(q!, k!, v!, 3, { causal: true, scoresAtOnce }), [inputs[1]!, inputs[1]!, inputs[2]!]);
    const [parts, all] = [causal(3 * 17 * 4), causal(1e9)];
    for (const [i, part] of parts.entries()) expect(difference(part, all[i]!)).toBeLessThan(1e-5);
  });

  it('has the gradient of finite differences', () => {
    const [q, k, v] = inputs as [Tensor, Tensor, Tensor];
    const options = { scoresAtOnce: 3 * 17 * 5 };
    const gradient = both((q, k, v) => attention(q!, k!, v!, 3, options), inputs)[2]!;
    const direction = random('direction', q.shape);
    const step = 1e-2;
    const at = (sign: number) =>
      both(
        (q, k, v) => attention(q!, k!, v!, 3, options),
        [q.add(direction.mul(sign * step)), k, v],
      )[1]!.dataSync()[0]!;
    const found = (at(1) - at(-1)) / (2 * step);
    expect(gradient.mul(direction).sum().dataSync()[0]).toBeCloseTo(found, 2);
  });
});

describe('layers that are recomputed for their gradient', () => {
  it('fuses group normalization and SiLU', () => {
    const inputs = [random('x', [2, 5, 3, 8]), random('weight', [8]), random('bias', [8])];
    const separate = both(
      withParameters((p, x) => silu(groupNorm(p, x, 4))),
      inputs,
    );
    const fused = both(
      withParameters((p, x) => groupNormSilu(p, x, 4)),
      inputs,
    );
    for (const [i, t] of fused.entries()) expect(difference(t, separate[i]!)).toBeLessThan(1e-6);
  });

  it('fuses the gate of a feed-forward layer', () => {
    const inputs = [random('x', [2, 3, 6]), random('weight', [6, 10]), random('bias', [10])];
    const separate = both((x, weight, bias) => {
      const [value, gate] = tf.split(linear(fixed({ weight: weight!, bias: bias! }), x!, 10), 2, -1) as [
        Tensor,
        Tensor,
      ];
      return value.mul(gelu(gate));
    }, inputs);
    const fused = both((x, weight, bias) => geglu(fixed({ weight: weight!.transpose(), bias: bias! }), x!, 5), inputs);
    for (const [i, t] of fused.entries()) expect(difference(t, separate[i]!)).toBeLessThan(1e-6);
  });
});

describe('a checkpoint', () => {
  const shapes: Record<string, number[]> = { x: [2, 6, 8], context: [2, 4, 8] };
  const weights = { 'a.weight': [16, 8], 'a.bias': [16], 'b.weight': [8, 8], 'b.bias': [8] };
  const network = (p: Parameters, x: Tensor, context: Tensor): Tensor =>
    x.add(attention(linear(p.at('b'), geglu(p.at('a'), x, 8), 8), context, linear(p.at('b'), context, 8), 2));

  function gradients(block: typeof network) {
    const program = new Program();
    const inputs = {
      x: float32(...shapes['x']!),
      context: float32(...shapes['context']!),
      dy: float32(...shapes['x']!),
    };
    program.entry(
      'f',
      inputs,
      ({ x, context, dy }, scope) => {
        const p = scope.parameters('net');
        const { value, gradients } = vectorJacobianProduct(
          () => block(p.at('second'), block(p.at('first'), x, context).mul(2), context),
          () => [x, context, ...scope.used('net').values()],
          dy,
        );
        const names = ['x', 'context', ...scope.used('net').keys()];
        return { y: value, ...Object.fromEntries(names.map((name, i) => [`d.${name}`, gradients[i]!])) };
      },
      { late: ['dy'] },
    );
    program.compile();
    const found = Object.entries(weights).flatMap(([name, shape]) =>
      ['first', 'second'].map(
        (block) =>
          [
            `${block}.${name}`,
            {
              shape,
              data: new RandomStream(4, block, name.length).normal(product(shape)).map((w) => w / 3),
            },
          ] as const,
      ),
    );
    program.load('net', new Map(found));
    const pending = program.start('f', {
      x: random('x', shapes['x']!),
      context: random('context', shapes['context']!),
    });
    const results: Tensors = { ...pending.outputs, ...pending.finish({ dy: random('dy', shapes['x']!) }) };
    return { bytes: program.keptBytes('f'), results };
  }

  it('returns the same value and gradients by inputs and parameters, and keeps less', () => {
    const plain = gradients(network);
    const checkpointed = gradients((p, x, context) => checkpoint(p, [x, context], network));
    expect(Object.keys(checkpointed.results)).toEqual(Object.keys(plain.results));
    for (const [name, t] of Object.entries(plain.results))
      expect(difference(checkpointed.results[name]!, t), name).toBeLessThan(1e-5);
    expect(checkpointed.bytes).toBeLessThan(0.5 * plain.bytes);
  });
});

describe('an entry point in two halves', () => {
  const shape = [2, 6, 6, 8];
  const program = new Program();
  program.entry(
    'f',
    { x: float32(...shape), s: float32(), dy: float32(...shape) },
    ({ x, s, dy }, scope) => {
      const { value, gradients } = vectorJacobianProduct(
        () => groupNormSilu(scope.parameters('net'), x.mul(s), 2).add(x),
        () => [x, ...scope.used('net').values()],
        dy,
      );
      return { y: value, dx: gradients[0]!, dWeight: gradients[1]! };
    },
    { late: ['dy'] },
  );
  program.compile();
  program.load(
    'net',
    new Map(['weight', 'bias'].map((name) => [name, { shape: [8], data: new RandomStream(3, name).normal(8) }])),
  );
  const [x, s, dy] = [random('x', shape), tf.scalar(0.7), random('dy', shape)];
  const bytes = (tensors: Tensors) =>
    Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, [...t.dataSync()]]));

  it('returns the same results as in one run', () => {
    const whole = program.run('f', { x, s, dy });
    const pending = program.start('f', { x, s });
    expect(Object.keys(pending.outputs)).toEqual(['y']);
    const halves: Tensors = { ...pending.outputs, ...pending.finish({ dy }) };
    expect(Object.keys(halves)).toEqual(Object.keys(whole));
    for (const [name, t] of Object.entries(whole)) expect(difference(halves[name]!, t)).toBeLessThan(1e-6);
  });

  it('may have several calls between their halves, with the same bits', () => {
    const alone = (x: Tensor) => bytes(program.start('f', { x, s }).finish({ dy }));
    const other = random('other', shape);
    const expected = [alone(x), alone(other)];
    const [first, second] = [program.start('f', { x, s }), program.start('f', { x: other, s })];
    expect([second, first].map((pending) => bytes(pending.finish({ dy })))).toEqual(expected.reverse());
  });

  it('keeps the input of the normalization and values per channel, not what is computed from them', () => {
    const picture = 4 * 2 * 6 * 6 * 8;
    expect(program.keptBytes('f')).toBeGreaterThanOrEqual(picture);
    expect(program.keptBytes('f')).toBeLessThan(1.5 * picture);
  });

  it('returns kept values once', () => {
    const pending = program.start('f', { x, s });
    pending.finish({ dy });
    expect(() => pending.finish({ dy })).toThrow(/nothing is kept under ticket \d+/);
  });

  it('refuses entry points without late inputs', () => {
    const plain = new Program();
    plain.entry('g', { x: float32(1) }, ({ x }) => ({ y: x.add(1) }));
    plain.compile();
    expect(() => plain.start('g', { x: tf.tensor1d([1]) })).toThrow('g has no late inputs');
  });
});
