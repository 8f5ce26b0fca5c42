import type { RandomStream } from '../../../../common/random.ts';
import { noun, pick } from '../../common/captions.ts';
import type { Tier } from '../../common/degradation.ts';
import { addMeaning, meaningsOf, spokenWords, type Spoken } from '../../common/word-parser.ts';
import {
  fillers as galleryFillers,
  inManner,
  mannerMeanings,
  names,
  vocabulary,
  wordsOfGrammar,
  type Manner,
} from '../gallery-grammar.ts';
import type { StyleName } from '../gallery-scene.ts';
import {
  isPossible,
  turned,
  type Count,
  type PaintedShape,
  type Relation,
  type Said,
  type SaidGroup,
  type SaidPair,
} from './composition.ts';

/** Names of several objects; the first is canonical. */
const plurals: Record<PaintedShape['shape'], readonly string[]> = {
  circle: ['circles', 'discs'],
  square: ['squares'],
  triangle: ['triangles'],
  cross: ['crosses', 'pluses'],
};
/** What objects are called whose shape is unsaid. */
const pluralNoun = 'shapes';
const countNames: Record<Count, readonly string[]> = { two: ['two', 'a pair of'], three: ['three'], four: ['four'] };
const relationNames: Record<Relation, readonly string[]> = {
  'left of': ['left of', 'to the left of'],
  'right of': ['right of', 'to the right of'],
  above: ['above', 'over'],
  below: ['below', 'under'],
};
/** What joins two objects whose relation is unsaid. */
const conjunction = 'and';

/** Word orders of what is shown and the background; without a stream the first is used. */
const phrasings: readonly ((what: string, background: string) => string)[] = [
  (what, background) => `${what} on a ${background} background`,
  (what, background) => `${what} on ${background}`,
  (what, background) => `a ${background} background with ${what}`,
  (what, background) => `${what} against a ${background} background`,
  (what, background) => `${what}, ${background} background`,
];

/**
 * Writes a caption of what is said of a composition, with style and quality words. Without a stream it is canonical ("a red
 * circle left of a blue square on a sand background, in a neon style, sharp"); a stream draws the phrasing, synonyms, and
 * which of two objects is said first. `parseComposition` is its inverse.
 */
export function compositionCaption(said: Said, manner: Manner = {}, stream?: RandomStream): string {
  const what = said.kind === 'pair' ? describePair(said, stream) : describeGroup(said, stream);
  const background = said.background && pick(names.background[said.background], stream);
  const phrasing = stream ? stream.choice(phrasings) : phrasings[0]!;
  return inManner(background ? phrasing(what, background) : what, true, manner, stream);
}

function describePair(said: SaidPair, stream?: RandomStream): string {
  const { first, second, relation } = stream && stream.uniform() < 0.5 ? turned(said) : said;
  const object = ({ shape, color }: Partial<PaintedShape>): string =>
    ['a', color, shape ? pick(names.shape[shape], stream) : noun].filter(Boolean).join(' ');
  return [object(first), relation ? pick(relationNames[relation], stream) : conjunction, object(second)].join(' ');
}

function describeGroup({ shape, color, count }: SaidGroup, stream?: RandomStream): string {
  const objects = shape ? pick(plurals[shape], stream) : pluralNoun;
  return [count && pick(countNames[count], stream), color, objects].filter(Boolean).join(' ');
}

/** Takes the words that say nothing by themselves off the beginning: a phrase's meaning is in the pair of words behind. */
const inPairs = <N extends string>(values: Record<N, readonly string[]>): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries<readonly string[]>(values).map(([value, phrases]) => [
      value,
      [...new Set(phrases.map((phrase) => phrase.replace(/^(a|to the) /, '')))],
    ]),
  );

const meanings = new Map([
  ...meaningsOf({ shape: names.shape, color: names.color, background: names.background }),
  ...meaningsOf({ shapes: plurals, count: inPairs(countNames), relation: inPairs(relationNames) }),
  ...mannerMeanings,
]);
const fillers: ReadonlySet<string> = new Set([...galleryFillers, pluralNoun, conjunction, 'to']);

/** The words that the grammar has beside the gallery's, in lower case, sorted. */
export const compositionWords: readonly string[] = wordsOfGrammar(meanings, fillers).filter(
  (word) => !vocabulary.includes(word),
);

/** What a prompt asks for; what it does not name is absent. */
export interface CompositionRequest {
  readonly scene: Said;
  readonly style?: StyleName;
  /** The tier that its quality words claim. */
  readonly quality?: Tier;
}

/** What a prompt names, object by object. */
interface Named {
  readonly objects: (Partial<PaintedShape> & { readonly several: boolean })[];
  /** Each with the number of objects before it. */
  readonly joints: number[];
  readonly found: Record<string, string>;
}

/**
 * Parses what a prompt asks for. `undefined` when it is not a prompt of several objects: it has an unknown word, names one
 * object or three, two equal ones one by one, something twice, or claims two qualities.
 */
export function parseComposition(prompt: string): CompositionRequest | undefined {
  const spoken = spokenWords(prompt, meanings, fillers);
  const named = spoken && namedIn(spoken);
  const scene = named && sceneOf(named);
  if (!scene || !isPossible(scene)) return undefined;
  const { style, quality } = named.found;
  return { scene, ...(style && { style }), ...(quality && { quality }) } as CompositionRequest;
}

/** Reads word by word: a color belongs to the object behind it. */
function namedIn(spoken: readonly Spoken[]): Named | undefined {
  const named: Named = { objects: [], joints: [], found: {} };
  let color: string | undefined;
  for (const { word, meaning } of spoken) {
    const several = word === pluralNoun || meaning?.attribute === 'shapes';
    if (several || word === noun || meaning?.attribute === 'shape') {
      named.objects.push({
        ...(meaning && { shape: meaning.value }),
        ...(color && { color }),
        several,
      } as Named['objects'][0]);
      color = undefined;
    } else if (meaning?.attribute === 'color') {
      if (color) return undefined;
      color = meaning.value;
    } else {
      if (word === conjunction || meaning?.attribute === 'relation') named.joints.push(named.objects.length);
      if (meaning?.attribute === 'count' && named.objects.length > 0) return undefined;
      if (meaning && !addMeaning(named.found, meaning)) return undefined;
    }
  }
  return color ? undefined : named;
}

function sceneOf({ objects, joints, found }: Named): Said | undefined {
  const [first, second, ...more] = objects;
  const { count, relation, background } = found;
  const ground = background && { background };
  if (!first || more.length > 0 || first.several === Boolean(second) || second?.several) return undefined;
  if (!second) {
    const { several: _, ...object } = first;
    return joints.length > 0 ? undefined : ({ kind: 'group', ...object, ...(count && { count }), ...ground } as Said);
  }
  if (count || joints.length !== 1 || joints[0] !== 1) return undefined;
  const [one, other] = [first, second].map(({ several: _, ...object }) => object);
  return { kind: 'pair', first: one, second: other, ...(relation && { relation }), ...ground } as Said;
}
