import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Database } from './database.ts';
import { keptPrompts } from './filtered.ts';
import { run as filter, type FilterConfig, type FilterSummary } from './stages/filter.ts';
import { run as ingest, type IngestConfig } from './stages/ingest.ts';

/** Smallest, middle, 95th percentile and largest. */
export interface Spread {
  min: number;
  median: number;
  p95: number;
  max: number;
}

export interface PromptStatistics extends FilterSummary {
  /** Lengths of the kept prompts. */
  characters: Spread;
  tokens: Spread;
  /** Kept prompts by file. */
  sources: Record<string, number>;
}

/** Reads and filters prompts below `folder` as a run would. @returns the folder of the filter's output */
export async function preparePrompts(
  configs: { ingest: IngestConfig; filter: FilterConfig },
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const [ingested, filtered, scratch] = [join(folder, 'ingest'), join(folder, 'filter'), join(folder, 'scratch')];
  for (const path of [ingested, filtered, scratch]) await mkdir(path);
  const common = { seed: 0, scratch, progress: () => {}, signal };
  await ingest({ ...common, config: configs.ingest, inputs: {}, output: ingested });
  await filter({ ...common, config: configs.filter, inputs: { ingest: ingested }, output: filtered });
  return filtered;
}

/** What the filter kept and dropped, and how long the kept prompts are. */
export async function promptStatistics(filtered: string): Promise<PromptStatistics> {
  const summary = JSON.parse(await readFile(join(filtered, 'summary.json'), 'utf8')) as FilterSummary;
  const prompts = keptPrompts(filtered);
  return Database.use(filtered, async (database) => {
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
      characters: await spread('length(prompt)'),
      tokens: await spread('tokens'),
      sources: Object.fromEntries(sources.map(({ source, kept }) => [source, kept])) as Record<string, number>,
    };
  });
}

/** Some of the kept prompts, as the seed chooses them. */
export async function samplePrompts(
  filtered: string,
  count: number,
  seed: number,
): Promise<{ prompt: string; tokens: number; source: string; row: number }[]> {
  const rows = await Database.use(filtered, (database) =>
    database.rows(
      `SELECT prompt, tokens, source, row FROM ${keptPrompts(filtered)} ORDER BY md5(id || ' ${seed}'), id LIMIT ${count}`,
    ),
  );
  return rows as unknown as { prompt: string; tokens: number; source: string; row: number }[];
}
