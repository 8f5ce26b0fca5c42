import type { RandomStream } from '../../../common/random.ts';
import { qualityOf, type Degradation } from '../../scenes/common/degradation.ts';
import { LatentGuides } from '../../scenes/common/latent-guides.ts';
import { galleryCaption, type Manner } from '../../scenes/gallery/gallery-grammar.ts';
import type { StyleName } from '../../scenes/gallery/gallery-scene.ts';
import { randomDegradation } from '../../scenes/gallery/gallery-tiers.ts';
import { pictureSize } from '../../scenes/gallery/placed-object.ts';
import type { Attribute } from '../../scenes/shapes/scene.ts';
import { BANK_TIERS, type WorldData } from './world-data.ts';

/** Captions of a web-like picture: a few phrasings teach what a prompt's words mean better than more pictures. */
const CAPTIONS = 4;
/** Share of a reward's captions that name the style. */
const STYLE_SHARE = 0.5;

/** Share of a text-image reward's captions that name the style alone: it is to tell pictures in a style, whatever they show. */
const STYLE_ALONE = 0.15;

const guides = new LatentGuides(pictureSize, 8);

/** A scene in a style. The style is none of the attributes by which scenes are compared. */
export type Styled<S> = S & { readonly style: StyleName };

/** Scenes that pictures of the gallery show, and what is said of them, all or some of it. */
export interface SceneFamily<S extends Said, Said> {
  /** Training combinations. */
  readonly train: readonly S[];
  /** Returns a web-like picture. */
  example(index: number, seed: number): { readonly image: Float32Array; readonly scene: S; readonly style: StyleName };
  /** Returns what different people say of it. */
  captions(index: number, seed: number, count: number): string[];
  /** Renders a scene; the stream draws jitter and noise. */
  render(scene: S, style: StyleName, degradation: Degradation, stream: RandomStream): Float32Array;
  caption(said: Said, manner: Manner, stream: RandomStream): string;
  parse(caption: string): { readonly scene: Said; readonly style?: StyleName } | undefined;
  /** Returns what is said with one thing changed: one of `among` if any of these is said, else any. */
  otherwise(said: Said, among: readonly Attribute[], stream: RandomStream): Said;
  /** As in {@link WorldData}. */
  key(scene: S): string;
  neighbor(scene: S, stream: RandomStream, among?: readonly Attribute[]): S;
  agreement(scene: S, wanted: S): number;
  /** Returns the share of each pixel that objects cover, [64, 64]. */
  coverage(scene: S): Float32Array;
}

/** Makes pictures and captions of scenes in some styles. */
export function styledData<S extends Said, Said>(
  family: SceneFamily<S, Said>,
  among: readonly StyleName[],
): WorldData<Styled<S>> {
  const train = family.train.flatMap((scene) => among.map((style) => ({ ...scene, style })));
  const said = (scene: Styled<S>, random: RandomStream): string => {
    const { style, ...rest } = scene;
    return family.caption(rest as unknown as S, { style: random.uniform() < STYLE_SHARE ? style : undefined }, random);
  };
  return {
    trainingScene: (random) => random.choice(train),
    webExample(index, seed) {
      const { image, scene, style } = family.example(index, seed);
      return { image, captions: family.captions(index, seed, CAPTIONS), scene: { ...scene, style } };
    },
    picture(random) {
      const scene = random.choice(family.train);
      const style = random.choice(among);
      const degradation = randomDegradation(random, random.choice(BANK_TIERS));
      const quality = qualityOf(degradation, pictureSize);
      return { scene: { ...scene, style }, quality, image: family.render(scene, style, degradation, random) };
    },
    caption: said,
    looseCaption: (scene, random) =>
      random.uniform() < STYLE_ALONE ? galleryCaption({}, { style: scene.style }, random) : said(scene, random),
    sayOtherwise(caption, among, random) {
      const asked = family.parse(caption);
      return asked
        ? family.caption(family.otherwise(asked.scene, among, random), { style: asked.style }, random)
        : caption;
    },
    key: (scene) => family.key(scene),
    neighbor: (scene, random, among) => ({ ...family.neighbor(scene, random, among), style: scene.style }),
    agreement: (scene, wanted) => family.agreement(scene, wanted),
    hiddenCells: (scene, random) => guides.hiddenCells(family.coverage(scene), random),
    hide: (picture, cells) => guides.hide(picture, cells),
    silhouette: (scene) => guides.silhouette(family.coverage(scene)),
  };
}
