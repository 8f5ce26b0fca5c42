/**
 * Measures gradient directions of the encoder and score orders in 16-bit types against float32:
 * docs/decisions/compute-types.md.
 *
 *     npx tsx bench/compute-types/run.ts [BATCHES]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare, exactSteps, median } from './measure.ts';
import { randomObjectives, worldObjectives } from './objectives.ts';

const TYPES = ['bfloat16', 'float16'] as const;

async function main(): Promise<void> {
  const batches = Number(process.argv[2] ?? 12);
  const scratch = mkdtempSync(join(tmpdir(), 'compute-types-'));
  const objectives = [...(await randomObjectives(scratch, batches)), ...(await worldObjectives(batches))];
  console.log('| objective | type | n | cosine: least | median | norm | order of scores swapped |');
  console.log('| --- | --- | --: | --: | --: | --: | --- |');
  for (const objective of objectives) {
    const exact = exactSteps(objective);
    for (const type of TYPES) {
      const { cosines, norms, order } = compare(objective, exact, type);
      const swapped = Object.entries(order).map(([name, { pairs, swapped }]) => `${name} ${swapped} of ${pairs}`);
      const range = `${Math.min(...norms).toFixed(3)} to ${Math.max(...norms).toFixed(3)}`;
      console.log(
        `| ${objective.name} | ${type} | ${batches} | ${Math.min(...cosines).toFixed(5)} | ${median(cosines).toFixed(5)} | ${range} | ${swapped.join(', ')} |`,
      );
    }
  }
  rmSync(scratch, { recursive: true });
}

await main();
