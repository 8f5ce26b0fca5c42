import { InputError } from '../../common/errors.ts';
import type { Explanation } from '../../datasets/rules/explain-prompt.ts';
import type { PromptStatistics } from '../../datasets/tables/preview.ts';
import { formatTable } from '../../common/text/format.ts';

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

export function oneOf<T extends string>(option: string, text: string, values: readonly T[]): T {
  const found = values.find((value) => value === text);
  if (found === undefined) throw new InputError(`${option} ${text}: expected one of ${values.join(', ')}.`);
  return found;
}
