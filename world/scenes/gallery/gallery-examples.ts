import { RandomStream } from '../../../common/random.ts';
import { qualityOf, type Degradation, type Tier } from '../common/degradation.ts';
import { draw } from '../common/draw.ts';
import { galleryCaption, qualityWords, type Manner, type QualityWord } from './gallery-grammar.ts';
import { render } from './gallery-renderer.ts';
import { gallery, styleNames, type GalleryScene, type StyleName } from './gallery-scene.ts';
import { randomDegradation } from './gallery-tiers.ts';
import { pictureSize } from './placed-object.ts';
import { randomJitter } from '../common/jitter.ts';

/** What a picture looks like, whatever it shows. */
export interface Look {
  readonly style: StyleName;
  readonly tier: Tier;
  readonly degradation: Degradation;
  /** In [0, 1]. */
  readonly quality: number;
}

/** A picture's ground truth. */
interface GalleryTruth extends Look {
  /** The picture's actual content, whatever a caption says. */
  readonly scene: GalleryScene;
}

export interface WebCaption {
  readonly caption: string;
  /** Whether it contradicts the picture's scene. */
  readonly wrong: boolean;
}

/** A picture with a caption and its ground truth. */
export interface GalleryExample extends GalleryTruth, WebCaption {
  /** [64, 64, 3], HWC, in [0, 1]. */
  readonly image: Float32Array;
}

/** Shares of the quality tiers: most pictures are dull, and captions know which. */
export const tiers: readonly (readonly [Tier, number])[] = [
  ['good', 0.2],
  ['medium', 0.1],
  ['dull', 0.7],
];
/** Share of captions that describe another scene. */
export const wrongShare = 0.12;
/** Probability that a caption omits an attribute. */
export const dropShare = 0.08;
/** Shares of captions with a style, and with quality words. */
export const styleShare = 0.6;
export const qualityShare = 0.6;
/** Probability that what is said of style and of quality is right, each. */
export const mannerTruth = 0.95;

/**
 * Returns example `index` of web-like data whose captions know what the pictures look like: a training combination in any
 * style, mostly dull, with a caption that names style and quality in most cases and is mostly right.
 */
export function galleryExample(index: number, seed: number): GalleryExample {
  const truth = galleryTruth(index, seed);
  const { scene, style, degradation } = truth;
  const stream = new RandomStream(seed, 'gallery picture', index);
  const image = render(scene, style, { jitter: randomJitter(stream), degradation, stream });
  return { ...truth, ...webCaption(truth, new RandomStream(seed, 'gallery caption', index)), image };
}

/** Returns what different people say of the picture of example `index`; the first is the example's own caption. */
export function galleryCaptions(index: number, seed: number, count: number): string[] {
  const truth = galleryTruth(index, seed);
  return Array.from({ length: count }, (_, k) => {
    const { caption } = webCaption(truth, new RandomStream(seed, 'gallery caption', index, k));
    return caption;
  });
}

function galleryTruth(index: number, seed: number): GalleryTruth {
  const stream = new RandomStream(seed, 'gallery example', index);
  const scene = stream.choice(gallery.of('train'));
  return { scene, ...webLook(stream) };
}

/** Draws what a web-like picture looks like. */
export function webLook(stream: RandomStream): Look {
  const style = stream.choice(styleNames);
  const tier = draw(stream, tiers);
  const degradation = randomDegradation(stream, tier);
  return { style, tier, degradation, quality: qualityOf(degradation, pictureSize) };
}

function webCaption({ scene, style, tier }: GalleryTruth, stream: RandomStream): WebCaption {
  const wrong = stream.uniform() < wrongShare;
  const said: Partial<GalleryScene> = { ...(wrong ? gallery.wrong(scene, stream) : scene) };
  for (const name of gallery.names) {
    // Keep the attribute that makes the caption wrong.
    if (stream.uniform() < dropShare && said[name] === scene[name]) delete said[name];
  }
  return { caption: galleryCaption(said, webManner({ style, tier }, stream), stream), wrong };
}

/** Draws what a web-like caption says of a picture's style and quality. */
export function webManner({ style, tier }: Pick<Look, 'style' | 'tier'>, stream: RandomStream): Manner {
  const saidStyle = stream.uniform() < styleShare ? mostly(style, styleNames, stream) : undefined;
  const quality = stream.uniform() < qualityShare ? someWords(mostly(tier, tierNames, stream), stream) : [];
  return { style: saidStyle, quality };
}

const tierNames = tiers.map(([tier]) => tier);

/** Returns the truth, or at times another of the values. */
function mostly<V>(truth: V, values: readonly V[], stream: RandomStream): V {
  return stream.uniform() < mannerTruth ? truth : stream.choice(values.filter((value) => value !== truth));
}

/** Draws up to three different words of a tier. */
function someWords(tier: Tier, stream: RandomStream): QualityWord[] {
  const words: readonly QualityWord[] = qualityWords[tier];
  const count = 1 + stream.integer(Math.min(3, words.length));
  return Array.from(stream.permutation(words.length), (at) => words[at]!).slice(0, count);
}
