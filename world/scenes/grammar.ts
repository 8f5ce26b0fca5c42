import type { RandomStream } from '../../common/random.ts';
import { attributes, type Scene } from './scene.ts';

/** Style words by the quality they claim. */
export const styleWords = {
  good: ['high quality', 'sharp', 'vivid', 'bright', 'clean'],
  bad: ['low quality', 'blurry', 'dull', 'dark', 'noisy'],
} as const;

export type StyleWord = (typeof styleWords)['good' | 'bad'][number];

/** Names of each value; the first is canonical. Longer phrases come before phrases that they contain. */
const names = {
  shape: { circle: ['circle', 'disc'], square: ['square'], triangle: ['triangle'], cross: ['cross', 'plus'] },
  color: sameNames(attributes.color),
  background: { ...sameNames(attributes.background), gray: ['gray', 'grey'] },
  size: { small: ['small', 'little'], large: ['large', 'big'] },
  position: { ...sameNames(attributes.position), center: ['center', 'middle'] },
} as const;

function sameNames<V extends string>(values: readonly V[]): Record<V, readonly string[]> {
  return Object.fromEntries(values.map((value) => [value, [value]])) as unknown as Record<V, readonly string[]>;
}

const prefixes = ['', '', 'a picture of ', 'a drawing of ', 'an image of '] as const;
const noun = 'shape';

/** Word orders of the attributes; `caption` uses the first when it has no stream. */
const phrasings: readonly ((words: Words) => string)[] = [
  ({ size, color, shape, place, background }) =>
    `a ${join(size, color, shape, place)}${background && ` on a ${background} background`}`,
  ({ size, color, shape, place, background }) =>
    `a ${join(size, color, shape)}${background && ` on ${background}`}${place && `, ${place}`}`,
  ({ size, color, shape, place, background }) =>
    background
      ? `a ${background} background with a ${join(size, color, shape, place)}`
      : `a ${join(size, color, shape, place)}`,
  ({ size, color, shape, place, background }) =>
    `${place && `${place}, `}a ${join(size, color, shape)}${background && ` against a ${background} background`}`,
  ({ size, color, shape, place, background }) =>
    list(join(color, shape), size, place, background && `${background} background`),
];

interface Words {
  readonly size: string;
  readonly color: string;
  readonly shape: string;
  readonly place: string;
  readonly background: string;
}

function join(...words: string[]): string {
  return words.filter(Boolean).join(' ');
}

function list(...parts: string[]): string {
  return parts.filter(Boolean).join(', ');
}

/**
 * Writes a caption with the given attributes and, after a comma each, the style words. Without a stream it is canonical
 * ("a small red circle in the top left on a white background"); a stream draws the phrasing and synonyms. `parse` is its
 * inverse.
 */
export function caption(scene: Partial<Scene>, stream?: RandomStream, style: readonly StyleWord[] = []): string {
  const pick = (options: readonly string[]): string => (stream ? stream.choice(options) : options[0]!);
  const position = scene.position && pick(names.position[scene.position]);
  const corner = position && scene.position !== 'center' && stream && stream.uniform() < 0.3 ? ' corner' : '';
  const words: Words = {
    size: scene.size ? pick(names.size[scene.size]) : '',
    color: scene.color ?? '',
    shape: scene.shape ? pick(names.shape[scene.shape]) : noun,
    place: position ? `${pick(['in', 'at'])} the ${position}${corner}` : '',
    background: scene.background ? pick(names.background[scene.background]) : '',
  };
  const phrasing = stream ? stream.choice(phrasings) : phrasings[0]!;
  const text = phrasing(words);
  const prefix = text.startsWith('a ') ? pick(prefixes) : '';
  return list(prefix + text, ...style);
}

/** Every word of the grammar, in lower case, sorted. */
export const vocabulary: readonly string[] = [
  ...new Set(
    [
      ...Object.values(names).flatMap((values) => Object.values(values).flat()),
      ...styleWords.good,
      ...styleWords.bad,
      ...prefixes,
      noun,
      'in at the corner on a background with against',
    ].flatMap((phrase) => phrase.split(' ').filter(Boolean)),
  ),
].sort();

const knownWords = new Set(vocabulary);

/** Attribute and value named by each word (or pair of words). */
const meanings = new Map(
  Object.entries(names).flatMap(([attribute, values]) =>
    Object.entries(values as Record<string, readonly string[]>).flatMap(([value, words]) =>
      words.map((word) => [word, { attribute: attribute as keyof Scene, value }] as const),
    ),
  ),
);

/**
 * Parses the attributes that a prompt names; others are absent. `undefined` when it is not a prompt of the shapes world: it
 * has an unknown word, names no object, or names an attribute twice.
 */
export function parse(prompt: string): Partial<Scene> | undefined {
  const words = prompt.toLowerCase().match(/[^\s,.;:!]+/g) ?? [];
  const found: Record<string, string> = {};
  let objects = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!knownWords.has(word)) return undefined;
    const pair = meanings.get(`${word} ${words[i + 1]}`);
    const meaning = pair ?? meanings.get(word);
    if (pair) i++;
    if (word === noun || meaning?.attribute === 'shape') objects++;
    if (!meaning) continue;
    if (meaning.attribute in found) return undefined;
    found[meaning.attribute] = meaning.value;
  }
  return objects === 1 ? (found as Partial<Scene>) : undefined;
}
