import { galleryCaptions } from '../scenes/gallery/gallery-examples.ts';
import { galleryCaption, parseGallery, qualityWords } from '../scenes/gallery/gallery-grammar.ts';
import { coverage, render } from '../scenes/gallery/gallery-renderer.ts';
import { gallery, styleNames, type GalleryScene } from '../scenes/gallery/gallery-scene.ts';
import { judgeGallery } from '../scenes/gallery/oracle/gallery-oracle.ts';
import { pictureSize } from '../scenes/gallery/placed-object.ts';
import { randomJitter } from '../scenes/common/jitter.ts';
import { leastValidity } from '../scenes/common/judgement.ts';
import { saidAmong } from '../scenes/common/word-parser.ts';
import { exactMetrics, exactScores } from './exact-scores.ts';
import type { KnownWorld } from './known-world.ts';
import { benchmarkOf, promptsOf, type Sayable } from './world-prompts.ts';

const sayable: Sayable<GalleryScene> = {
  name: 'gallery',
  combinations: gallery,
  say: (scene, stream) => galleryCaption(scene, {}, stream),
};

const allQualityWords = Object.values(qualityWords).flat();

/** The gallery (world/scenes/gallery). */
export const galleryWorld: KnownWorld = {
  name: 'gallery',
  side: pictureSize,
  metrics: [...exactMetrics(gallery.names), ...styleNames.map((name) => `style.${name}`)],
  prompts: () => promptsOf(sayable),
  webCaption: (index) => galleryCaptions(index, 1, 1)[0]!,
  benchmark: () => benchmarkOf(sayable),
  knows: (prompt) => parseGallery(prompt) !== undefined,
  paraphrase(prompt, stream) {
    const asked = parseGallery(prompt);
    if (!asked) return undefined;
    return galleryCaption(asked.scene, { style: asked.style, quality: saidAmong(allQualityWords, prompt) }, stream);
  },
  exactScores(picture, prompt) {
    const asked = parseGallery(prompt);
    if (!asked) return {};
    const judged = judgeGallery(picture, asked.scene);
    const isIn = (style: string): number => Number(judged.validity >= leastValidity && judged.style === style);
    return {
      ...exactScores(judged),
      ...Object.fromEntries(styleNames.map((name) => [`style.${name}`, isIn(name)])),
    };
  },
  render(prompt, stream) {
    const asked = parseGallery(prompt);
    const scene = asked && gallery.complete(asked.scene, stream);
    if (!scene) return undefined;
    const style = asked.style ?? (stream ? stream.choice(styleNames) : styleNames[0]);
    return render(scene, style, stream && { jitter: randomJitter(stream) });
  },
  coverage(prompt) {
    const { shape, size, position } = parseGallery(prompt)?.scene ?? {};
    return shape && size && position && coverage({ shape, size, position });
  },
};
