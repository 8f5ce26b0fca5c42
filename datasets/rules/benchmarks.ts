import { basename, extname } from 'node:path';
import { InputError } from '../../common/errors.ts';
import { Database } from '../tables/database.ts';
import { normalizePrompt } from '../text/normalize.ts';
import { knownWorld } from '../../world/known/known-worlds.ts';
import { isWorldName, type SourceName } from '../../world/scenes/common/world-names.ts';
import { findSources } from '../sources/find-sources.ts';
import type { SourceFile } from '../sources/source-file.ts';
import { wholeFiles } from '../sources/source-rows.ts';
import { promptId } from '../shards/split.ts';

/** A set of prompts to compare on, never to train on. */
export interface BenchmarkSpec {
  name: string;
  /** An embedded world (its held-out combinations), or a file or folder of any prompt file type. */
  source: string;
  /** The column with the prompts; found by its name when left out. */
  column?: string | undefined;
  /** Split to read from a data set with several. */
  split?: string | undefined;
  /**
   * Columns to split the results by, such as Parti-Prompts' Category and Challenge. Files of a folder are split by name,
   * such as HPSv2's four styles.
   */
  categoryColumns?: string[] | undefined;
  /** Maximum number of prompts, counted from the first. */
  limit?: number | undefined;
  /** The arms that are compared on it, besides the base; default: all. */
  arms?: string[] | undefined;
}

export interface BenchmarkPrompt {
  id: string;
  prompt: string;
  /** The prompt's category in each column. */
  groups: Readonly<Record<string, string>>;
}

/** Name of the column that holds a folder's file names. */
const STYLE = 'style';

/**
 * Reads the distinct prompts of a benchmark, normalized, in order.
 * @param scratch a folder for unpacked files
 * @throws InputError when there are none, or a column is missing
 */
export async function readBenchmark(spec: BenchmarkSpec, scratch: string): Promise<BenchmarkPrompt[]> {
  const rows = isWorldName(spec.source) ? worldRows(spec.source) : await fileRows(spec, scratch);
  const unique = new Map<string, BenchmarkPrompt>();
  for (const { prompt: raw, groups } of rows) {
    const prompt = normalizePrompt(raw);
    const id = promptId(prompt);
    if (prompt !== '' && !unique.has(id)) unique.set(id, { id, prompt, groups });
  }
  const prompts = [...unique.values()].slice(0, spec.limit);
  if (prompts.length === 0) throw new InputError(`Benchmark "${spec.name}": ${spec.source} has no prompts.`);
  return prompts;
}

type Row = Omit<BenchmarkPrompt, 'id'>;

const worldRows = (name: SourceName): Row[] =>
  knownWorld(name)
    .benchmark()
    .map(({ prompt, ...groups }) => ({ prompt, groups }));

async function fileRows(
  { name, source, column, split, categoryColumns = [] }: BenchmarkSpec,
  scratch: string,
): Promise<Row[]> {
  const { files } = await findSources(source, split);
  return Database.use(scratch, async (database) => {
    const rows: Row[] = [];
    for (const file of files) {
      const read = (which: string | undefined) => columnOf(database, file, scratch, which);
      const prompts = await read(column);
      const groups = new Map<string, Map<number, string>>();
      for (const each of categoryColumns) groups.set(each, await read(each));
      for (const [row, prompt] of prompts) {
        const own = [...groups].map(([each, values]) => [each, values.get(row) ?? ''] as const);
        const style = files.length > 1 ? { [STYLE]: stem(file.name) } : {};
        rows.push({ prompt, groups: { ...style, ...Object.fromEntries(own) } });
      }
    }
    if (rows.length === 0) throw new InputError(`Benchmark "${name}": ${source} has no prompts.`);
    return rows;
  });
}

/** Reads the texts of one column, by row. */
async function columnOf(
  database: Database,
  file: SourceFile,
  scratch: string,
  column: string | undefined,
): Promise<Map<number, string>> {
  const texts = new Map<number, string>();
  for await (const { rows, prompts } of wholeFiles(database, [file], scratch, { column }))
    rows.forEach((row, i) => {
      const text = prompts[i];
      if (text !== null && text !== undefined) texts.set(row, text);
    });
  return texts;
}

const stem = (name: string) => basename(name, extname(name));
