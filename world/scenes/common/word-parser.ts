import { noun } from './captions.ts';

/** What a word, or a pair of words, says. */
export interface Meaning {
  readonly attribute: string;
  readonly value: string;
  /** It may be said again. */
  readonly repeats?: boolean;
}

/** Meanings by word or pair of words, from names of values by attribute. */
export function meaningsOf(
  names: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>,
  repeats = false,
): [string, Meaning][] {
  return Object.entries(names).flatMap(([attribute, values]) =>
    Object.entries(values).flatMap(([value, words]) =>
      words.map((word): [string, Meaning] => [word, { attribute, value, repeats }]),
    ),
  );
}

/** Returns the words of a prompt, in lower case. */
function wordsOf(prompt: string): string[] {
  return prompt.toLowerCase().match(/[^\s,.;:!]+/g) ?? [];
}

/** Returns those of the phrases that a prompt says, in their own order. */
export function saidAmong<P extends string>(phrases: readonly P[], prompt: string): P[] {
  const said = ` ${wordsOf(prompt).join(' ')} `;
  return phrases.filter((phrase) => said.includes(` ${phrase} `));
}

/**
 * Parses the attributes that a prompt names; others are absent. `undefined` when it has a word that neither means nor fills
 * anything, names no object or two, or an attribute twice.
 * @param fillers words that may be there and say nothing
 */
export function parseWords(
  prompt: string,
  meanings: ReadonlyMap<string, Meaning>,
  fillers: ReadonlySet<string>,
): Record<string, string> | undefined {
  const words = wordsOf(prompt);
  const found: Record<string, string> = {};
  let objects = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const pair = meanings.get(`${word} ${words[i + 1]}`);
    const meaning = pair ?? meanings.get(word);
    if (pair) i++;
    if (word === noun || meaning?.attribute === 'shape') objects++;
    if (!meaning) {
      if (!fillers.has(word)) return undefined;
      continue;
    }
    const { attribute, value, repeats } = meaning;
    if (attribute in found && !(repeats && found[attribute] === value)) return undefined;
    found[attribute] = value;
  }
  return objects === 1 ? found : undefined;
}
