import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../common/random.ts';
import { vectorJacobianProduct } from '../../engine/gradients.ts';
import { attention, gatedGelu, gelu, groupNorm, groupNormSilu, silu } from '../../engine/layers.ts';
import type { Parameters } from '../../engine/parameters.ts';
import { float32, Program, type Tensors } from '../../engine/program.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';

const random = (name: string, shape: number[]): Tensor =>
  tf.tensor(new RandomStream(7, name).normal(shape.reduce((a, b) => a * b, 1)), shape);
const difference = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().dataSync()[0]! / b.abs().max().dataSync()[0]!;

/** y and the gradients by all inputs, with a fixed dy, as a captured program gives them. */
function both(f: (...inputs: Tensor[]) => Tensor, inputs: Tensor[]): Tensor[] {
  const program = new Program();
  const specs = Object.fromEntries(inputs.map(({ shape }, i) => [`x${i}`, float32(...shape)]));
  program.entry('both', specs, (given: Tensors) => {
    const dy = (y: Tensor) =>
      tf.tensor(
        Float32Array.from({ length: y.size }, (_, i) => Math.sin(i)),
        y.shape,
      );
    const { value, gradients } = vectorJacobianProduct(() => {
      const y = f(...Object.values(given));
      return y.mul(dy(y)).sum();
    }, () => Object.values(given)); // prettier-ignore
    return { y: f(...Object.values(given)), value, ...Object.fromEntries(gradients.map((g, i) => [`d${i}`, g])) };
  });
  program.compile();
  return Object.values(program.run('both', Object.fromEntries(inputs.map((t, i) => [`x${i}`, t]))));
}

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

  it('has the gradient that finite differences find', () => {
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

describe('layers that are computed again for their gradient', () => {
  const fixed = (values: Record<string, Tensor>): Parameters => ({ at: () => fixed(values), get: (name) => values[name]! }); // prettier-ignore

  it('fuses group normalisation and SiLU', () => {
    const inputs = [random('x', [2, 5, 3, 8]), random('weight', [8]), random('bias', [8])];
    const separate = both((x, weight, bias) => silu(groupNorm(fixed({ weight: weight!, bias: bias! }), x!, 4)), inputs);
    const fused = both((x, weight, bias) => groupNormSilu(fixed({ weight: weight!, bias: bias! }), x!, 4), inputs);
    for (const [i, t] of fused.entries()) expect(difference(t, separate[i]!)).toBeLessThan(1e-6);
  });

  it('fuses the gate of a feed-forward layer', () => {
    const inputs = [random('x', [2, 3, 10])];
    const separate = both((x) => {
      const [value, gate] = tf.split(x!, 2, -1) as [Tensor, Tensor];
      return value.mul(gelu(gate));
    }, inputs);
    const fused = both((x) => gatedGelu(x!), inputs);
    for (const [i, t] of fused.entries()) expect(difference(t, separate[i]!)).toBeLessThan(1e-6);
  });
});

describe('an entry point in two halves', () => {
  const shape = [2, 6, 6, 8];
  const program = new Program();
  program.entry('f', { x: float32(...shape), s: float32(), dy: float32(...shape) }, ({ x, s, dy }, scope) => {
    const { value, gradients } = vectorJacobianProduct(
      () => groupNormSilu(scope.parameters('net'), x.mul(s), 2).add(x),
      () => [x, ...scope.used('net').values()],
      dy,
    );
    return { y: value, dx: gradients[0]!, dWeight: gradients[1]! };
  }, { late: ['dy'] }); // prettier-ignore
  program.compile();
  program.load('net', new Map(['weight', 'bias'].map((name) => [name, { shape: [8], data: new RandomStream(3, name).normal(8) }]))); // prettier-ignore
  const [x, s, dy] = [random('x', shape), tf.scalar(0.7), random('dy', shape)];
  const bytes = (tensors: Tensors) => Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, [...t.dataSync()]])); // prettier-ignore

  it('gives what it gives in one run', () => {
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

  it('keeps the input of the normalisation and numbers of channels, not what is computed from them', () => {
    const picture = 4 * 2 * 6 * 6 * 8;
    expect(program.keptBytes('f')).toBeGreaterThanOrEqual(picture);
    expect(program.keptBytes('f')).toBeLessThan(1.5 * picture);
  });

  it('refuses entry points without late inputs', () => {
    const plain = new Program();
    plain.entry('g', { x: float32(1) }, ({ x }) => ({ y: x.add(1) }));
    plain.compile();
    expect(() => plain.start('g', { x: tf.tensor1d([1]) })).toThrow('g has no late inputs');
  });
});
