import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compare, exactSteps, median, type Objective } from '../../bench/compute-types/measure.ts';
import { randomObjectives } from '../../bench/compute-types/objectives.ts';

const scratch = mkdtempSync(join(tmpdir(), 'compute-cost-'));
afterAll(() => rmSync(scratch, { recursive: true }));
/** Two of five objectives: the one with the worst batch, and all rewards together. */
const measured = (await randomObjectives(scratch, 4)).filter(({ name }) => /: heads|PickScore, HPSv2/.test(name));
const exact = new Map<Objective, ReturnType<typeof exactSteps>>();
const inFloat32 = (objective: Objective) => {
  exact.set(objective, exact.get(objective) ?? exactSteps(objective));
  return exact.get(objective)!;
};

/**
 * Least and median cosine of a batch, distance of the norm and largest share of swapped pairs: about twice as far off as
 * the worst in bench/compute-types, on processors that add 16-bit products in different orders.
 */
describe.each([
  ['bfloat16', { least: 0.9, median: 0.98 }, 0.2, 0.08],
  ['float16', { least: 0.999, median: 0.9998 }, 0.02, 0.01],
] as const)('networks with random weights in %s', (type, along, norm, swaps) => {
  it.each(measured.map((objective) => [objective.name, objective] as const))(
    "have gradients along float32's, and scores in its order, nearly: %s",
    (_name, objective) => {
      const { cosines, norms, order } = compare(objective, inFloat32(objective), type);
      expect(cosines).toHaveLength(4);
      expect(Math.min(...cosines)).toBeGreaterThan(along.least);
      expect(median(cosines)).toBeGreaterThan(along.median);
      for (const ratio of norms) expect(Math.abs(ratio - 1)).toBeLessThan(norm);
      for (const [reward, { pairs, swapped }] of Object.entries(order)) {
        expect(pairs).toBe(28);
        expect([reward, swapped / pairs <= swaps + 1 / pairs]).toEqual([reward, true]);
      }
    },
  );
});
