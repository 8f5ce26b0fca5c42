import type { RandomStream } from '../../../common/random.ts';
import { captionWords, describe, list, noun, pick, sameNames } from '../common/captions.ts';
import type { Tier } from '../common/degradation.ts';
import { meaningsOf, parseWords } from '../common/word-parser.ts';
import { attributes, styleNames, type GalleryScene, type StyleName } from './gallery-scene.ts';

/** Quality words by the tier that they claim. */
export const qualityWords = {
  good: ['high quality', 'sharp', 'vivid', 'crisp', 'bright'],
  medium: ['average quality', 'ordinary'],
  dull: ['low quality', 'blurry', 'dull', 'faded', 'dark'],
} as const satisfies Record<Tier, readonly string[]>;

export type QualityWord = (typeof qualityWords)[Tier][number];

/** Names of each value; the first is canonical. */
export const names = {
  shape: { circle: ['circle', 'disc'], square: ['square'], triangle: ['triangle'], cross: ['cross', 'plus'] },
  color: sameNames(attributes.color),
  background: { ...sameNames(attributes.background), violet: ['violet', 'purple'] },
  size: { small: ['small', 'little'], large: ['large', 'big'] },
  position: { ...sameNames(attributes.position), center: ['center', 'middle'] },
} as const;

/** Names of the styles: of how a picture is ("in a neon style"), and of what it is ("neon sign"). */
const adjectives: Record<StyleName, readonly string[]> = {
  flat: ['flat', 'minimal'],
  '3d': ['3d', 'rendered'],
  neon: ['neon', 'glowing'],
  outline: ['outline', 'cartoon'],
};
const nouns: Record<StyleName, readonly string[]> = {
  flat: ['flat icon', 'minimal icon', 'flat design'],
  '3d': ['3d render', '3d model'],
  neon: ['neon sign', 'glowing sign', 'neon light'],
  outline: ['outline drawing', 'cartoon drawing'],
};

const prefixes = ['', '', 'a picture of ', 'an image of '] as const;
/** How often a style is said first when it can be. */
const styleFirst = 0.35;

/** What a caption says besides the scene. */
export interface Manner {
  readonly style?: StyleName | undefined;
  readonly quality?: readonly QualityWord[];
}

/**
 * Writes a caption with the given attributes, style and quality words. Without a stream it is canonical ("a small red circle
 * in the top left on a white background, in a neon style, sharp"); a stream draws the phrasing and synonyms.
 * `parseGallery` is its inverse.
 */
export function galleryCaption(scene: Partial<GalleryScene>, manner: Manner = {}, stream?: RandomStream): string {
  const text = describe(names, scene, stream);
  return inManner(text, text.startsWith('a '), manner, stream);
}

/**
 * Adds style and quality words to what a picture shows.
 * @param begins whether the text can follow "a picture of"
 */
export function inManner(
  text: string,
  begins: boolean,
  { style, quality = [] }: Manner,
  stream?: RandomStream,
): string {
  if (style && begins && stream && stream.uniform() < styleFirst) {
    const first = stream.choice(nouns[style]);
    return list(`${articleOf(first)} ${first} of ${text}`, ...quality);
  }
  const prefix = begins ? pick(prefixes, stream) : '';
  return list(prefix + text, style ? saidLast(style, stream) : '', ...quality);
}

/** A text for each style, to tell pictures in it from those in others: "a shape, in a neon style". */
export const styleTexts = Object.fromEntries(
  styleNames.map((style) => [style, galleryCaption({}, { style })]),
) as Record<StyleName, string>;

function saidLast(style: StyleName, stream?: RandomStream): string {
  if (stream && stream.uniform() < 0.5) return stream.choice(nouns[style]);
  const adjective = pick(adjectives[style], stream);
  return `in ${articleOf(adjective)} ${adjective} style`;
}

function articleOf(word: string): string {
  return word.startsWith('o') ? 'an' : 'a';
}

const styleMeanings = Object.fromEntries(styleNames.map((name) => [name, [...adjectives[name], ...nouns[name]]]));
/** What the words of style and quality say. */
export const mannerMeanings = [...meaningsOf({ style: styleMeanings }), ...meaningsOf({ quality: qualityWords }, true)];
const meanings = new Map([...meaningsOf(names), ...mannerMeanings]);
/** Words that say nothing. */
export const fillers: ReadonlySet<string> = new Set([
  ...captionWords,
  noun,
  'style',
  ...prefixes.flatMap((prefix) => prefix.split(' ')),
]);

/** Every word of the grammar, in lower case, sorted. */
export const vocabulary: readonly string[] = wordsOfGrammar(meanings, fillers);

/** Returns every word of a grammar, sorted. */
export function wordsOfGrammar(meanings: ReadonlyMap<string, unknown>, fillers: ReadonlySet<string>): string[] {
  return [...new Set([...meanings.keys(), ...fillers].flatMap((phrase) => phrase.split(' ')).filter(Boolean))].sort();
}

/** What a prompt asks for; what it does not name is absent. */
export interface GalleryRequest {
  readonly scene: Partial<GalleryScene>;
  readonly style?: StyleName;
  /** The tier that its quality words claim. */
  readonly quality?: Tier;
}

/**
 * Parses what a prompt asks for. `undefined` when it is not a prompt of the gallery: it has an unknown word, names no
 * object, names an attribute or a style twice, or claims two qualities.
 */
export function parseGallery(prompt: string): GalleryRequest | undefined {
  const found = parseWords(prompt, meanings, fillers);
  if (!found) return undefined;
  const { style, quality, ...scene } = found;
  return { scene, ...(style && { style }), ...(quality && { quality }) } as GalleryRequest;
}
