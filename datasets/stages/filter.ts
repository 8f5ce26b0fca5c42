import { BIGINT, INTEGER, VARCHAR } from '@duckdb/node-api';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CancelledError, InputError, RunError } from '../../common/errors.ts';
import { canonicalJson, writeFileAtomic } from '../../common/files.ts';
import { ClipTokenizer } from '../../models/clip/tokenizer.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import { Database } from '../database.ts';
import { readRows } from '../rows.ts';
import { dropReasons, PromptRules, type DropReason, type FilterSettings } from '../rules.ts';
import { promptId, type Split } from '../split.ts';
import type { IngestSummary } from './ingest.ts';

export interface FilterConfig extends FilterSettings {
  /** The folder of the tokenizer of the model that is tuned. */
  tokenizer: string;
}

/** `summary.json`: read = kept + the sum of dropped. */
export interface FilterSummary {
  read: number;
  kept: number;
  /** Kept prompts with more tokens than the text model sees. */
  truncated: number;
  dropped: Record<DropReason, number>;
  /** The first prompts of each reason: "file:row: prompt". */
  samples: Record<DropReason, string[]>;
}

const samplesPerReason = 5;
const types = [VARCHAR, VARCHAR, INTEGER, VARCHAR, BIGINT, VARCHAR];

/**
 * Cleans the prompts, drops what the rules refuse and what is there already, and says how many and why.
 * `prompts.parquet`: columns id, prompt, tokens, source, row, split; in the order of the ids.
 */
export async function run(context: StageContext<FilterConfig, 'ingest'>): Promise<void> {
  const { config, output, scratch } = context;
  const rules = new PromptRules(config, await ClipTokenizer.load(config.tokenizer));
  const summary = await Database.use(scratch, async (database) => {
    const judged = await judgeAll(database, rules, context);
    await dropDuplicates(database, judged);
    const kept = await database.number('SELECT count(*) FROM prompts');
    if (kept === 0) throw nothingLeft(judged);
    const truncated = await database.number(`SELECT count(*) FROM prompts WHERE tokens > ${rules.maxTokens}`);
    await database.writeParquet('FROM prompts ORDER BY id', join(output, 'prompts.parquet'));
    return { ...judged, kept, truncated };
  });
  await writeFileAtomic(join(output, 'summary.json'), `${canonicalJson(summary satisfies FilterSummary)}\n`);
}

type Judged = Pick<FilterSummary, 'read' | 'dropped' | 'samples'>;

/** Fills the table `candidates` with the prompts that the rules keep. */
async function judgeAll(
  database: Database,
  rules: PromptRules,
  { inputs, progress, signal }: StageContext<FilterConfig, 'ingest'>,
): Promise<Judged> {
  const dropped = byReason(() => 0);
  const samples = byReason((): string[] => []);
  let read = 0;
  await database.run(
    'CREATE TABLE candidates (id VARCHAR, prompt VARCHAR, tokens INTEGER, source VARCHAR, row BIGINT, split VARCHAR)',
  );
  const appender = await database.appender('candidates', types);
  for await (const batch of readRows(database, inputs.ingest)) {
    if (signal.aborted) throw new CancelledError('Filtering the prompts was cancelled.');
    const kept: [string, string, number, string, bigint, Split | null][] = [];
    batch.prompts.forEach((raw, i) => {
      const verdict = rules.judge(raw);
      const [source, row] = [batch.sources[i]!, batch.rows[i]!];
      if (verdict.kept) {
        const { prompt, tokens } = verdict;
        kept.push([promptId(prompt), prompt, tokens, source, BigInt(row), batch.splits[i]!]);
      } else {
        dropped[verdict.reason]++;
        const list = samples[verdict.reason];
        if (list.length < samplesPerReason) list.push(sample(source, row, verdict.prompt));
      }
    });
    appender.append(types.map((_, column) => kept.map((row) => row[column]!)));
    read += batch.prompts.length;
    progress({ step: read, total: read, message: `${read} prompts judged` });
  }
  appender.close();
  const { rows } = JSON.parse(await readFile(join(inputs.ingest, 'summary.json'), 'utf8')) as IngestSummary;
  if (read !== rows) throw new RunError(`${inputs.ingest}: ${read} prompts were found, its summary says ${rows}.`);
  return { read, dropped, samples };
}

/** Fills the table `prompts` with one of each prompt, whatever the order of the rows, and counts the others in `judged`. */
async function dropDuplicates(database: Database, judged: Judged): Promise<void> {
  await database.run(
    `CREATE TABLE ranked AS SELECT *, row_number() OVER (PARTITION BY id ORDER BY prompt, source, row) AS copy FROM candidates;
     CREATE TABLE prompts AS SELECT * EXCLUDE copy FROM ranked WHERE copy = 1`,
  );
  judged.dropped.duplicate = await database.number('SELECT count(*) FROM ranked WHERE copy > 1');
  const first = await database.rows(
    `SELECT source, row, prompt FROM ranked WHERE copy > 1 ORDER BY source, row LIMIT ${samplesPerReason}`,
  );
  judged.samples.duplicate = first.map(({ source, row, prompt }) =>
    sample(String(source), Number(row), String(prompt)),
  );
}

function byReason<T>(value: () => T): Record<DropReason, T> {
  return Object.fromEntries(dropReasons.map((reason) => [reason, value()])) as Record<DropReason, T>;
}

function sample(source: string, row: number, prompt: string): string {
  return `${source}:${row}: ${prompt.length > 200 ? `${prompt.slice(0, 200)}...` : prompt}`;
}

function nothingLeft({ read, dropped }: Judged): InputError {
  const reasons = Object.entries(dropped).filter(([, count]) => count > 0);
  const counts = reasons.map(([reason, count]) => `${reason} ${count}`).join(', ');
  return new InputError(
    `None of the ${read} prompts passes the filter (${counts}); change the prompts or the filter's settings.`,
  );
}
