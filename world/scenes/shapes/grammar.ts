import type { RandomStream } from '../../../common/random.ts';
import { captionWords, describe, list, noun, pick, sameNames } from '../common/captions.ts';
import { meaningsOf, parseWords } from '../common/word-parser.ts';
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

const prefixes = ['', '', 'a picture of ', 'a drawing of ', 'an image of '] as const;
/**
 * Writes a caption with the given attributes and, after a comma each, the style words. Without a stream it is canonical
 * ("a small red circle in the top left on a white background"); a stream draws the phrasing and synonyms. `parse` is its
 * inverse.
 */
export function caption(scene: Partial<Scene>, stream?: RandomStream, style: readonly StyleWord[] = []): string {
  const text = describe(names, scene, stream);
  const prefix = text.startsWith('a ') ? pick(prefixes, stream) : '';
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
      ...captionWords,
    ].flatMap((phrase) => phrase.split(' ').filter(Boolean)),
  ),
].sort();

const knownWords = new Set(vocabulary);
const meanings = new Map(meaningsOf(names));

/**
 * Parses the attributes that a prompt names; others are absent. `undefined` when it is not a prompt of the shapes world: it
 * has an unknown word, names no object, or names an attribute twice.
 */
export function parse(prompt: string): Partial<Scene> | undefined {
  return parseWords(prompt, meanings, knownWords) as Partial<Scene> | undefined;
}
