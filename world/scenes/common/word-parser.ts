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

/** A word of a prompt, or a pair of words, with what it says, if anything. */
export interface Spoken {
  readonly word: string;
  readonly meaning?: Meaning | undefined;
}

/** Returns a prompt's words in their order. `undefined` when there is one that neither means nor fills anything. */
export function spokenWords(
  prompt: string,
  meanings: ReadonlyMap<string, Meaning>,
  fillers: ReadonlySet<string>,
): Spoken[] | undefined {
  const words = wordsOf(prompt);
  const spoken: Spoken[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const pair = meanings.get(`${word} ${words[i + 1]}`);
    const meaning = pair ?? meanings.get(word);
    if (pair) i++;
    if (!meaning && !fillers.has(word)) return undefined;
    spoken.push({ word, meaning });
  }
  return spoken;
}

/** Adds what a word says to what is found; returns whether it may be said. */
export function addMeaning(found: Record<string, string>, { attribute, value, repeats }: Meaning): boolean {
  if (attribute in found && !(repeats && found[attribute] === value)) return false;
  found[attribute] = value;
  return true;
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
  const spoken = spokenWords(prompt, meanings, fillers);
  const found: Record<string, string> = {};
  if (!spoken?.every(({ meaning }) => !meaning || addMeaning(found, meaning))) return undefined;
  const objects = spoken.filter(({ word, meaning }) => word === noun || meaning?.attribute === 'shape');
  return objects.length === 1 ? found : undefined;
}
