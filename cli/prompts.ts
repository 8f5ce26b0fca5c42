import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../common/errors.ts';
import { Database } from '../datasets/database.ts';
import type { PromptStatistics } from '../datasets/preview.ts';
import { PromptRules, type Verdict } from '../datasets/rules.ts';
import { findSources } from '../datasets/sources/find.ts';
import type { ReadOptions } from '../datasets/sources/read.ts';
import { wholeFiles } from '../datasets/sources/rows.ts';
import { promptId, splitOf, type Split, type SplitShares } from '../datasets/split.ts';
import type { FilterConfig } from '../datasets/stages/filter.ts';
import { ClipTokenizer } from '../models/clip/tokenizer.ts';
import { formatTable } from './format.ts';

export type Explanation = Verdict & { id?: string; split?: Split };

/** What the filter does with a prompt, and where it would go. */
export async function explainPrompt(text: string, filter: FilterConfig, shares: SplitShares): Promise<Explanation> {
  const verdict = new PromptRules(filter, await ClipTokenizer.load(filter.tokenizer)).judge(text);
  if (!verdict.kept) return verdict;
  const id = promptId(verdict.prompt);
  return { ...verdict, id, split: splitOf(id, shares) };
}

export function formatExplanation(found: Explanation): string {
  if (!found.kept) return `dropped (${found.reason}): ${found.detail}`;
  const cut = found.truncated ? ', of which the model reads the beginning only' : '';
  return `kept: "${found.prompt}"\n${found.tokens} tokens${cut}\nsplit ${found.split}, id ${found.id}`;
}

export function formatStatistics({
  read,
  kept,
  truncated,
  dropped,
  characters,
  tokens,
  sources,
}: PromptStatistics): string {
  const spread = ({ min, median, p95, max }: PromptStatistics['tokens']): string[] =>
    [min, median, p95, max].map(String);
  const counts = [
    ['read', String(read)],
    ['kept', String(kept)],
    ['  too many tokens, cut', String(truncated)],
    ...Object.entries(dropped).map(([reason, count]) => [`dropped: ${reason}`, String(count)]),
  ];
  const lengths = [
    ['of the kept', 'min', 'median', '95 %', 'max'],
    ['characters', ...spread(characters)],
    ['tokens', ...spread(tokens)],
  ];
  const files = Object.entries(sources).map(([source, count]) => [source, String(count)]);
  return [counts, lengths, [['file', 'kept'], ...files]].map(formatTable).join('\n\n');
}

/** Gives the token ids of a file's prompts, some prompts at a time. */
export async function eachTokens(
  file: string,
  options: ReadOptions & { tokenizer: string },
  give: (ids: number[][]) => void,
): Promise<void> {
  const tokenizer = await ClipTokenizer.load(options.tokenizer);
  const { files } = await findSources(file);
  await inTemporaryFolder((scratch) =>
    Database.use(scratch, async (database) => {
      for await (const { prompts } of wholeFiles(database, files, scratch, options)) {
        give(prompts.map((prompt) => tokenizer.encode(prompt ?? '')));
      }
    }),
  );
}

/** A folder for the time of `work`. */
export async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'textcraftor-prompts-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InputError(`${option} ${text}: expected a whole number.`);
  return Number(text);
}

export function oneOf<T extends string>(option: string, text: string, values: readonly T[]): T {
  const found = values.find((value) => value === text);
  if (found === undefined) throw new InputError(`${option} ${text}: expected one of ${values.join(', ')}.`);
  return found;
}
