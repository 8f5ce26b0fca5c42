import { RandomStream } from '../../../../common/random.ts';
import { dropShare, webLook, webManner, wrongShare, type Look, type WebCaption } from '../gallery-examples.ts';
import { contradicts } from './comparison.ts';
import { compositionCaption } from './composition-grammar.ts';
import { randomJitters, renderComposition } from './composition-renderer.ts';
import { compositions } from './composition-set.ts';
import type { Composition, PaintedShape, Said } from './composition.ts';

/** A picture's ground truth. */
interface CompositionTruth extends Look {
  /** The picture's actual content, whatever a caption says. */
  readonly scene: Composition;
}

/** A picture of several objects with a caption and its ground truth. */
export interface CompositionExample extends CompositionTruth, WebCaption {
  /** [64, 64, 3], HWC, in [0, 1]. */
  readonly image: Float32Array;
}

/** Returns example `index` of web-like data of the harder tier: as the gallery's, with several objects. */
export function compositionExample(index: number, seed: number): CompositionExample {
  const truth = compositionTruth(index, seed);
  const { scene, style, degradation } = truth;
  const stream = new RandomStream(seed, 'composition picture', index);
  const image = renderComposition(scene, style, { jitters: randomJitters(scene, stream), degradation, stream });
  return { ...truth, ...webCaption(truth, new RandomStream(seed, 'composition caption', index, 0)), image };
}

/** Returns what different people say of the picture of example `index`; the first is the example's own caption. */
export function compositionCaptions(index: number, seed: number, count: number): string[] {
  const truth = compositionTruth(index, seed);
  return Array.from(
    { length: count },
    (_, k) => webCaption(truth, new RandomStream(seed, 'composition caption', index, k)).caption,
  );
}

function compositionTruth(index: number, seed: number): CompositionTruth {
  const stream = new RandomStream(seed, 'composition example', index);
  return { scene: stream.choice(compositions.of('train')), ...webLook(stream) };
}

function webCaption({ scene, ...look }: CompositionTruth, stream: RandomStream): WebCaption {
  const wrong = stream.uniform() < wrongShare;
  let said: Said = wrong ? compositions.wrong(scene, stream) : scene;
  for (const without of omissions(said)) {
    if (stream.uniform() >= dropShare) continue;
    const less = without(said);
    // Keep what makes the caption wrong.
    if (contradicts(scene, less) === wrong) said = less;
  }
  return { caption: compositionCaption(said, webManner(look, stream), stream), wrong };
}

const without = <T extends object>(said: T, name: keyof T): T => ({ ...said, [name]: undefined });

/** Returns functions that leave out each thing that is said. */
function omissions({ kind }: Said): ((said: Said) => Said)[] {
  const own = ['shape', 'color'] as const;
  const inPair = (object: 'first' | 'second', name: keyof PaintedShape) => (said: Said) =>
    said.kind === 'pair' ? { ...said, [object]: without(said[object], name) } : said;
  const inGroup = (name: 'shape' | 'color' | 'count') => (said: Said) =>
    said.kind === 'group' ? without(said, name) : said;
  const objects =
    kind === 'pair'
      ? [
          ...own.flatMap((name) => [inPair('first', name), inPair('second', name)]),
          (said: Said) => (said.kind === 'pair' ? without(said, 'relation') : said),
        ]
      : [...own.map(inGroup), inGroup('count')];
  return [...objects, (said) => without(said, 'background')];
}
