import { RandomStream } from '../../../common/random.ts';
import { parseComposition } from '../../scenes/gallery/compositions/composition-grammar.ts';
import type { Composition } from '../../scenes/gallery/compositions/composition.ts';
import { galleryCaptions, galleryExample } from '../../scenes/gallery/gallery-examples.ts';
import { galleryCaption, parseGallery } from '../../scenes/gallery/gallery-grammar.ts';
import { coverage, render } from '../../scenes/gallery/gallery-renderer.ts';
import { gallery, styleNames, type GalleryScene, type StyleName } from '../../scenes/gallery/gallery-scene.ts';
import { randomJitter } from '../../scenes/common/jitter.ts';
import { HARD_SHARE } from '../recipes/gallery-recipe.ts';
import { compositionFamily } from './composition-data.ts';
import { styledData, type SceneFamily, type Styled } from './styled-data.ts';
import type { WorldData } from './world-data.ts';

const objectFamily: SceneFamily<GalleryScene, Partial<GalleryScene>> = {
  train: gallery.of('train'),
  example: galleryExample,
  captions: galleryCaptions,
  render: (scene, style, degradation, stream) =>
    render(scene, style, { jitter: randomJitter(stream), degradation, stream }),
  caption: galleryCaption,
  parse: parseGallery,
  otherwise: (said, among, stream) => gallery.otherwise(said, among, stream),
  key: (scene) => gallery.key(scene),
  neighbor: (scene, stream, among) => gallery.trainingNeighbor(scene, stream, among),
  agreement: (scene, wanted) => gallery.agreement(scene, wanted),
  coverage,
};

/** Pictures and captions of one object in some of the gallery's styles. */
export const galleryIn = (among: readonly StyleName[]): WorldData<Styled<GalleryScene>> =>
  styledData(objectFamily, among);

/** Pictures and captions of several objects in some of the gallery's styles. */
export const compositionsIn = (among: readonly StyleName[]): WorldData<Styled<Composition>> =>
  styledData(compositionFamily, among);

type AnyScene = Styled<GalleryScene> | Styled<Composition>;

/**
 * Makes the gallery's pictures and captions.
 * @param harder share of pictures of several objects; with 0, nothing else is changed by them
 */
export function galleryWith(harder: number): WorldData<AnyScene> {
  const [easy, hard] = [galleryIn(styleNames), compositionsIn(styleNames)] as WorldData<AnyScene>[];
  const drawn = (random: RandomStream): WorldData<AnyScene> =>
    harder > 0 && random.uniform() < harder ? hard! : easy!;
  const isHard = (scene: AnyScene): boolean => 'kind' in scene;
  const of = (scene: AnyScene): WorldData<AnyScene> => (isHard(scene) ? hard! : easy!);
  return {
    trainingScene: (random) => drawn(random).trainingScene(random),
    webExample: (index, seed) => drawn(new RandomStream(seed, 'tier of an example', index)).webExample(index, seed),
    picture: (random) => drawn(random).picture(random),
    caption: (scene, random) => of(scene).caption(scene, random),
    looseCaption: (scene, random) => of(scene).looseCaption(scene, random),
    sayOtherwise: (caption, among, random) =>
      (parseComposition(caption) ? hard! : easy!).sayOtherwise(caption, among, random),
    key: (scene) => of(scene).key(scene),
    neighbor: (scene, random, among) => of(scene).neighbor(scene, random, among),
    agreement: (scene, wanted) => (isHard(scene) === isHard(wanted) ? of(wanted).agreement(scene, wanted) : 0),
    hiddenCells: (scene, random) => of(scene).hiddenCells(scene, random),
    hide: (picture, cells) => easy!.hide(picture, cells),
    silhouette: (scene) => of(scene).silhouette(scene),
  };
}

/** The gallery's pictures and captions. */
export const galleryData = galleryWith(HARD_SHARE);
