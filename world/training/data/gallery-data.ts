import { galleryCaptions, galleryExample } from '../../scenes/gallery/gallery-examples.ts';
import { galleryCaption, parseGallery } from '../../scenes/gallery/gallery-grammar.ts';
import { coverage, render } from '../../scenes/gallery/gallery-renderer.ts';
import { gallery, styleNames, type GalleryScene, type StyleName } from '../../scenes/gallery/gallery-scene.ts';
import { randomDegradation } from '../../scenes/gallery/gallery-tiers.ts';
import { pictureSize } from '../../scenes/gallery/placed-object.ts';
import { qualityOf } from '../../scenes/common/degradation.ts';
import { LatentGuides } from '../../scenes/common/latent-guides.ts';
import { BANK_TIERS, type WorldData } from './world-data.ts';
import { randomJitter } from '../../scenes/common/jitter.ts';

/** Captions of a web-like picture: a few phrasings teach what a prompt's words mean better than more pictures. */
const CAPTIONS = 4;
/** Share of a reward's captions that name the style. */
const STYLE_SHARE = 0.5;

/** Share of a text-image reward's captions that name the style alone: it is to tell pictures in a style, whatever they show. */
const STYLE_ALONE = 0.15;

/** A scene in a style. The style is none of the attributes by which scenes are compared. */
type StyledScene = GalleryScene & { readonly style: StyleName };

const guides = new LatentGuides(pictureSize, 8);
const styled = (scene: GalleryScene, style: StyleName): StyledScene => ({ ...scene, style });

/** The gallery's pictures and captions in some of its styles. */
export const galleryIn = (among: readonly StyleName[]): WorldData<StyledScene> => ({
  train: gallery.of('train').flatMap((scene) => among.map((style) => styled(scene, style))),
  webExample(index, seed) {
    const { image, scene, style } = galleryExample(index, seed);
    return { image, captions: galleryCaptions(index, seed, CAPTIONS), scene: styled(scene, style) };
  },
  picture(random) {
    const scene = random.choice(gallery.of('train'));
    const style = random.choice(among);
    const degradation = randomDegradation(random, random.choice(BANK_TIERS));
    return {
      scene: styled(scene, style),
      quality: qualityOf(degradation, pictureSize),
      image: render(scene, style, { jitter: randomJitter(random), degradation, stream: random }),
    };
  },
  caption: ({ style, ...scene }, random) =>
    galleryCaption(scene, { style: random.uniform() < STYLE_SHARE ? style : undefined }, random),
  looseCaption(scene, random) {
    if (random.uniform() < STYLE_ALONE) return galleryCaption({}, { style: scene.style }, random);
    return galleryData.caption(scene, random);
  },
  sayOtherwise(said, among, random) {
    const { scene, style } = parseGallery(said) ?? { scene: {} };
    return galleryCaption(gallery.otherwise(scene, among, random), { style }, random);
  },
  key: (scene) => gallery.key(scene),
  neighbor: (scene, random, among) => gallery.trainingNeighbor(scene, random, among),
  agreement: (scene, wanted) => gallery.agreement(scene, wanted),
  hiddenCells: (scene, random) => guides.hiddenCells(coverage(scene), random),
  hide: (picture, cells) => guides.hide(picture, cells),
  silhouette: (scene) => guides.silhouette(coverage(scene)),
});

/** The gallery's pictures and captions. */
export const galleryData = galleryIn(styleNames);
