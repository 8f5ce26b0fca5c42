import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Weights } from '../../engine/weights/weights.ts';
import { interpolateWeights } from '../../models/interpolate.ts';
import { mergeLora } from '../../models/lora/lora.ts';

const weights = (name: string, values: readonly number[]): Weights =>
  new Map([[name, { shape: [values.length], data: Float32Array.from(values) }]]);
const float = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 });

it('lies on the line between the two: at 0 the original, at 1 the tuned one, to the bit', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(float, float), { minLength: 1, maxLength: 8 }),
      fc.double({ min: 0, max: 1.25, noNaN: true }),
      (pairs, weight) => {
        const [own, tuned] = [0, 1].map((i) =>
          weights(
            'w',
            pairs.map((pair) => pair[i as 0 | 1]),
          ),
        );
        const at = (share: number) =>
          interpolateWeights({ weights: tuned!, source: 'tuned' }, own!, share, 'model').get('w')!.data;
        expect(at(1)).toEqual(tuned!.get('w')!.data);
        pairs.forEach(([a, b], i) => {
          expect(at(0)[i]).toBeCloseTo(a, 10);
          expect(Math.abs(at(weight)[i]! - (a + weight * (b - a)))).toBeLessThan(1e-3);
        });
      },
    ),
  );
});

it('refuses a network of another shape, by the name of the tensor', () => {
  const own = weights('w', [1, 2]);
  const mixed = (tuned: Weights) => interpolateWeights({ weights: tuned, source: 'other' }, own, 0.5, 'model');
  expect(() => mixed(weights('v', [1]))).toThrow('Tensor w is missing from other; expected [2], as in model.');
  expect(() => mixed(weights('w', [1]))).toThrow('Tensor w in other has shape [1]; expected [2], as in model.');
});

it('of a network with a LoRA merged into it is the network with that LoRA at this scale', () => {
  const shape = [2, 2];
  const own: Weights = new Map([['layer.weight', { shape, data: Float32Array.of(1, 2, 3, 4) }]]);
  const adapter = (scale: number) =>
    new Map([
      [
        'layer',
        {
          down: { shape: [1, 2], data: Float32Array.of(1, -2) },
          up: { shape: [2, 1], data: Float32Array.of(3, 0.5) },
          scale,
        },
      ],
    ]);
  const merged = { weights: mergeLora(own, adapter(1), 'lora'), source: 'lora' };
  const data = interpolateWeights(merged, own, 0.25, 'model').get('layer.weight')!.data;
  expect([...data]).toEqual([...mergeLora(own, adapter(0.25), 'lora').get('layer.weight')!.data]);
});
