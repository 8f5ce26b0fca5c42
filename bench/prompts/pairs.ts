import { Database } from '../../datasets/tables/database.ts';
import { droppedRows, keptPrompts } from '../../datasets/tables/filtered.ts';
import { promptId } from '../../datasets/shards/split.ts';
import { generateRow } from './generate.ts';

export interface PairCounts {
  planted: number;
  /** Share of the planted near duplicates that are grouped with the prompt they were made from. */
  recall: number;
  dropped: number;
  /** Share of the dropped near duplicates that stem from the same planted prompt as the row kept in their place. */
  precision: number;
}

/**
 * Compares the filter's findings with what the generator planted.
 * @param rows rows of the corpus, which must be one file: line 1 is its header
 */
export async function countPairs(filtered: string, scratch: string, rows: number, seed: number): Promise<PairCounts> {
  const generated = Array.from({ length: rows }, (_, row) => {
    const { prompt, kind, base } = generateRow(seed, row);
    return { id: promptId(prompt), kind, base };
  });
  const firstOf = new Map<string, string>();
  const baseOf = new Map<string, number>();
  for (const { id, base } of generated) if (!baseOf.has(id)) baseOf.set(id, base);
  let [dropped, right] = [0, 0];
  const kept = await Database.use(scratch, async (database) => {
    const near = `SELECT row::DOUBLE, of FROM ${droppedRows(filtered)} WHERE reason = 'near-duplicate'`;
    for await (const [lines, of] of database.columns(near)) {
      for (const [i, line] of (lines as number[]).entries()) {
        const { id } = generated[line - 2]!;
        const first = of![i] as string;
        firstOf.set(id, first);
        dropped++;
        if (baseOf.get(id) === baseOf.get(first)) right++;
      }
    }
    return database.number(`SELECT count(*) FROM ${keptPrompts(filtered)}`);
  });
  if (kept === 0) throw new Error('nothing was kept');
  const first = (id: string): string => firstOf.get(id) ?? id;
  const planted = generated.filter(({ kind }) => kind === 'near');
  const found = planted.filter(({ id, base }) => first(id) === first(generated[base]!.id));
  return { planted: planted.length, recall: found.length / planted.length, dropped, precision: right / dropped };
}
