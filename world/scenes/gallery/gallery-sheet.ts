import { RandomStream } from '../../../common/random.ts';
import { clean } from '../common/degradation.ts';
import { sheetColumns, sheetExamples, tierOf, type WorldSheet } from '../common/sheet-rows.ts';
import { galleryExample } from './gallery-examples.ts';
import { render } from './gallery-renderer.ts';
import { gallery, styleNames, type StyleName } from './gallery-scene.ts';
import { randomDegradation } from './gallery-tiers.ts';
import { readGallery } from './oracle/gallery-oracle.ts';
import { randomJitter } from '../common/jitter.ts';

/** Returns pictures and examples of the gallery: the same scenes in every style. */
export function gallerySheet(seed: number): WorldSheet {
  const row = (style: StyleName, degraded: boolean): Float32Array[] =>
    Array.from({ length: sheetColumns }, (_, column) => {
      const stream = new RandomStream(seed, 'gallery sheet', column);
      const scene = stream.choice(gallery.all);
      const jitter = randomJitter(stream);
      const degradation = degraded ? randomDegradation(stream, tierOf(column)) : clean;
      return render(scene, style, { jitter, degradation, stream });
    });
  return {
    scenes: styleNames.flatMap((style) => [...row(style, false), ...row(style, true)]),
    examples: Array.from({ length: sheetExamples }, (_, index) => {
      const { image, caption, scene, style, tier, quality } = galleryExample(index, seed);
      const read = readGallery(image);
      return {
        image,
        caption,
        truth: { ...scene, style, tier, quality },
        read: { ...read.scene, style: read.style, quality: read.quality, validity: read.validity },
      };
    }),
  };
}
