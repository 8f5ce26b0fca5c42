import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../../common/errors.ts';
import { Database } from '../../datasets/tables/database.ts';
import type { Explanation } from '../../datasets/rules/explain-prompt.ts';
import type { PromptStatistics } from '../../datasets/tables/preview.ts';
import { findSources } from '../../datasets/sources/find-sources.ts';
import type { ReadOptions } from '../../datasets/sources/read-source.ts';
import { wholeFiles } from '../../datasets/sources/source-rows.ts';
import { ClipTokenizer } from '../../models/clip/tokenizer/tokenizer.ts';
import { formatTable } from '../../common/text/format.ts';
import { localPrompts } from '../../api/hub/hub-prompts.ts';
import { hubOptions } from '../hub-options.ts';

/** @param text the prompt as given */
export function formatExplanation(text: string, found: Explanation): string {
  const cleaned = found.prompt === text ? [] : [`read as: "${found.prompt}"`];
  if (!found.kept) return [`dropped (${found.reason}): ${found.detail}`, ...cleaned].join('\n');
  const cut = found.truncated ? ', of which the model reads only the first' : '';
  const changed = found.changed.length > 0 ? ` (changed: ${found.changed.join(', ')})` : '';
  const left = found.left.length > 0 ? `, with ${found.left.join(' and ')}` : '';
  return `kept: "${found.prompt}"${changed}${left}\n${found.tokens} tokens${cut}\nsplit ${found.split}, id ${found.id}`;
}

export function formatStatistics(statistics: PromptStatistics): string {
  const { read, kept, malformed, blank, comments, truncated, changed, left, dropped, characters, tokens, sources } =
    statistics;
  const spread = ({ min, median, p95, max }: PromptStatistics['tokens']): string[] =>
    [min, median, p95, max].map(String);
  const counts = [
    ['read', String(read)],
    ...(malformed > 0 ? [['malformed, not read', String(malformed)]] : []),
    ...(blank > 0 ? [['blank, not read', String(blank)]] : []),
    ...(comments > 0 ? [['comments, not read', String(comments)]] : []),
    ['kept', String(kept)],
    ['  too many tokens, cut', String(truncated)],
    ...Object.entries(changed).map(([change, count]) => [`  changed: ${change}`, String(count)]),
    ...Object.entries(left ?? {}).map(([marking, count]) => [`  with ${marking}`, String(count)]),
    ...Object.entries(dropped)
      .filter(([, count]) => count > 0)
      .map(([reason, count]) => [`dropped: ${reason}`, String(count)]),
  ];
  const lengths = [
    ['of the kept', 'min', 'median', '95 %', 'max'],
    ['characters', ...spread(characters)],
    ['tokens', ...spread(tokens)],
  ];
  const files = Object.entries(sources).map(([source, count]) => [source, String(count)]);
  return [counts, lengths, [['file', 'kept'], ...files]].map(formatTable).join('\n\n');
}

/**
 * Passes on the token ids of a file's prompts, in batches.
 * @throws InputError for the first prompt that cannot be read
 */
export async function eachTokens(
  file: string,
  options: ReadOptions & { tokenizer: string; split?: string | undefined },
  give: (ids: number[][]) => void,
): Promise<void> {
  const tokenizer = await ClipTokenizer.load(options.tokenizer);
  const { files } = await findSources(await localPrompts(file, hubOptions()), options.split);
  await inTemporaryFolder((scratch) =>
    Database.use(scratch, async (database) => {
      for await (const { prompts } of wholeFiles(database, files, scratch, options)) {
        give(prompts.map((prompt) => tokenizer.encode(prompt ?? '')));
      }
    }),
  );
}

/** Calls `work` with a temporary folder. */
export async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'textcraftor-prompts-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function oneOf<T extends string>(option: string, text: string, values: readonly T[]): T {
  const found = values.find((value) => value === text);
  if (found === undefined) throw new InputError(`${option} ${text}: expected one of ${values.join(', ')}.`);
  return found;
}
