import { join } from 'node:path';
import { isFile } from '../../common/files.ts';
import { readResult, writeResult, type ResultFile } from '../../common/files/result-file.ts';
import type { Database } from './database.ts';
import { droppedRows, keptPrompts } from './filtered.ts';
import { INGEST_SUMMARY } from './ingested.ts';

/** One bin of a histogram. */
export interface Bin {
  label: string;
  prompts: number;
}

/** Statistics of the prompts for charts, in addition to the filter's summary. */
export interface PromptCard {
  /** Kept prompts by number of tokens, in bins of five, start and end included. */
  tokens: Bin[];
  /** Kept prompts by number of characters, in bins of 25. */
  characters: Bin[];
  /** Kept prompts by how often they or near duplicates were read, if more than once. */
  copies: Bin[];
  /** Files with the most kept prompts. */
  sources: { name: string; kept: number }[];
  /** Number of all other files, and of their kept prompts. */
  otherSources: { files: number; kept: number };
  /** Numbers of files read, ignored files and malformed records, with samples of the latter. */
  read: { files: number; ignored: number; malformed: number; samples: string[] };
}

const PROMPT_CARD: ResultFile<PromptCard> = { name: 'card.json' };

const sourcesShown = 20;
const samplesShown = 10;

/** Writes the card. @param ingested folder of the filter's input */
export async function writePromptCard(database: Database, filtered: string, ingested: string): Promise<void> {
  const { files, ignored, malformed, samples } = await readResult(INGEST_SUMMARY, ingested);
  const prompts = keptPrompts(filtered);
  const copies = `SELECT count(*) + 1 AS n FROM ${droppedRows(filtered)}
                  WHERE reason IN ('duplicate', 'near-duplicate') AND "of" IS NOT NULL GROUP BY "of"`;
  const sources = await database.rows(
    `SELECT source AS name, count(*) AS kept FROM ${prompts} GROUP BY source ORDER BY kept DESC, name`,
  );
  const others = sources.slice(sourcesShown).map(({ kept }) => Number(kept));
  const card: PromptCard = {
    tokens: await lengths(database, `SELECT tokens AS n FROM ${prompts}`, 5, 80),
    characters: await lengths(database, `SELECT length(prompt) AS n FROM ${prompts}`, 25, 500),
    copies: await doublings(database, copies),
    sources: sources.slice(0, sourcesShown) as unknown as PromptCard['sources'],
    otherSources: { files: others.length, kept: others.reduce((sum, kept) => sum + kept, 0) },
    read: { files: files.length, ignored: ignored.files, malformed, samples: samples.slice(0, samplesShown) },
  };
  await writeResult(PROMPT_CARD, filtered, card);
}

/** Reads the card; undefined for a filter result older than cards. */
export async function readPromptCard(filtered: string): Promise<PromptCard | undefined> {
  return (await isFile(join(filtered, PROMPT_CARD.name))) ? readResult(PROMPT_CARD, filtered) : undefined;
}

/** Bins a query's lengths by `width` up to `most`, with one bin for all above; leaves out empty bins at the end. */
async function lengths(database: Database, query: string, width: number, most: number): Promise<Bin[]> {
  const last = most / width;
  const counts = new Array<number>(last + 1).fill(0);
  for (const { bin, prompts } of await database.rows(
    `SELECT least(n // ${width}, ${last})::INTEGER AS bin, count(*) AS prompts FROM (${query}) GROUP BY bin`,
  ))
    counts[Number(bin)] = Number(prompts);
  const bins = counts.map((prompts, i) => ({
    label: i === last ? `${most} and more` : `${i * width} to ${(i + 1) * width - 1}`,
    prompts,
  }));
  return bins.slice(0, bins.findLastIndex(({ prompts }) => prompts > 0) + 1);
}

/** Bins a query's numbers from 2 on in doubling bins: 2, 3 to 4, 5 to 8, ... */
async function doublings(database: Database, query: string): Promise<Bin[]> {
  const rows = await database.rows(
    `SELECT ceil(log2(n))::INTEGER AS power, count(*) AS prompts FROM (${query}) GROUP BY power ORDER BY power`,
  );
  return rows.map(({ power, prompts }) => {
    const most = 2 ** Number(power);
    return { label: most === 2 ? '2' : `${most / 2 + 1} to ${most}`, prompts: Number(prompts) };
  });
}
