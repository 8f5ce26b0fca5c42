import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Database } from './database.ts';
import { readResult } from '../../common/files/result-file.ts';
import { FILTER_SUMMARY, keptPrompts, type FilterSummary } from './filtered.ts';
import { INGEST_SUMMARY } from './ingested.ts';
import { run as filter, type FilterConfig } from '../stages/filter.ts';
import { run as ingest, type IngestConfig } from '../stages/ingest.ts';

/** Minimum, median, 95th percentile and maximum. */
interface Spread {
  min: number;
  median: number;
  p95: number;
  max: number;
}

export interface PromptStatistics extends FilterSummary {
  /** Records that could not be read; not counted in `read`. */
  malformed: number;
  /** Blank lines between records, empty caption files, and comments. */
  blank: number;
  comments: number;
  /** Length of the kept prompts in characters. */
  characters: Spread;
  tokens: Spread;
  /** Number of kept prompts by file. */
  sources: Record<string, number>;
}

/** Folders with the output of ingest and filter, and one for spilling. */
export interface PreparedPrompts {
  ingest: string;
  filter: string;
  scratch: string;
}

/** Reads and filters prompts as a run would, with output below `folder`. */
export async function preparePrompts(
  configs: { ingest: IngestConfig; filter: FilterConfig },
  folder: string,
  signal: AbortSignal,
): Promise<PreparedPrompts> {
  const made = { ingest: join(folder, 'ingest'), filter: join(folder, 'filter'), scratch: join(folder, 'scratch') };
  for (const path of Object.values(made)) await mkdir(path);
  const common = { seed: 0, scratch: made.scratch, progress: () => {}, signal };
  await ingest({ ...common, config: configs.ingest, inputs: {}, output: made.ingest });
  await filter({ ...common, config: configs.filter, inputs: { ingest: made.ingest }, output: made.filter });
  return made;
}

/** Counts the prompts read, kept and dropped, and measures the lengths of those kept. */
export async function promptStatistics({ ingest, filter, scratch }: PreparedPrompts): Promise<PromptStatistics> {
  const summary = await readResult(FILTER_SUMMARY, filter);
  const { malformed, files } = await readResult(INGEST_SUMMARY, ingest);
  const prompts = keptPrompts(filter);
  return Database.use(scratch, async (database) => {
    const spread = async (value: string): Promise<Spread> => {
      const [row] = await database.rows(
        `SELECT min(n) AS min, quantile_disc(n, 0.5) AS median, quantile_disc(n, 0.95) AS p95, max(n) AS max
         FROM (SELECT ${value} AS n FROM ${prompts})`,
      );
      return row as unknown as Spread;
    };
    const sources = await database.rows(
      `SELECT source, count(*) AS kept FROM ${prompts} GROUP BY source ORDER BY source`,
    );
    return {
      ...summary,
      malformed,
      blank: files.reduce((sum, file) => sum + file.blank, 0),
      comments: files.reduce((sum, file) => sum + (file.comments ?? 0), 0),
      characters: await spread('length(prompt)'),
      tokens: await spread('tokens'),
      sources: Object.fromEntries(sources.map(({ source, kept }) => [source, kept])) as Record<string, number>,
    };
  });
}

/** Draws a random sample of the kept prompts by seed. */
export async function samplePrompts(
  { filter, scratch }: PreparedPrompts,
  count: number,
  seed: number,
): Promise<{ prompt: string; tokens: number; source: string; row: number }[]> {
  const rows = await Database.use(scratch, (database) =>
    database.rows(
      `SELECT prompt, tokens, source, row FROM ${keptPrompts(filter)} ORDER BY md5(id || ' ${seed}'), id LIMIT ${count}`,
    ),
  );
  return rows as unknown as { prompt: string; tokens: number; source: string; row: number }[];
}
