import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compare, exactSteps, type Objective } from '../../bench/compute-types/measure.ts';
import { randomObjectives } from '../../bench/compute-types/objectives.ts';

const scratch = mkdtempSync(join(tmpdir(), 'compute-cost-'));
afterAll(() => rmSync(scratch, { recursive: true }));
/** Three of five objectives: each reward on its own, and all together. */
const measured = (await randomObjectives(scratch, 4)).filter(({ name }) => /HPSv2|: heads/.test(name));
const exact = new Map<Objective, ReturnType<typeof exactSteps>>();
const inFloat32 = (objective: Objective) => {
  exact.set(objective, exact.get(objective) ?? exactSteps(objective));
  return exact.get(objective)!;
};

/** Least cosine and largest share of swapped pairs: about twice as far off as the worst in bench/compute-types. */
describe.each([
  ['bfloat16', 0.98, 0.2, 0.08],
  ['float16', 0.9998, 0.02, 0.01],
] as const)('networks with random weights in %s', (type, along, norm, swaps) => {
  it.each(measured.map((objective) => [objective.name, objective] as const))(
    "have gradients along float32's, and scores in its order, nearly: %s",
    (_name, objective) => {
      const { cosines, norms, order } = compare(objective, inFloat32(objective), type);
      expect(cosines).toHaveLength(4);
      for (const cosine of cosines) expect(cosine).toBeGreaterThan(along);
      for (const ratio of norms) expect(Math.abs(ratio - 1)).toBeLessThan(norm);
      for (const [reward, { pairs, swapped }] of Object.entries(order)) {
        expect(pairs).toBe(28);
        expect([reward, swapped / pairs <= swaps + 1 / pairs]).toEqual([reward, true]);
      }
    },
  );
});
