import { RandomStream } from '../../../common/random.ts';
import { clean, type Degradation } from '../common/degradation.ts';
import { sheetColumns, sheetExamples, tierOf, type WorldSheet } from '../common/sheet-rows.ts';
import { randomJitters, renderComposition } from './compositions/composition-renderer.ts';
import { compositions } from './compositions/composition-set.ts';
import { galleryExample } from './gallery-examples.ts';
import { render } from './gallery-renderer.ts';
import { gallery, styleNames, type StyleName } from './gallery-scene.ts';
import { randomDegradation } from './gallery-tiers.ts';
import { readGallery } from './oracle/gallery-oracle.ts';
import { randomJitter } from '../common/jitter.ts';

/** Returns rows of pictures: each style clean, and below it degraded. */
function rows(picture: (style: StyleName, column: number, degraded: boolean) => Float32Array): Float32Array[] {
  return styleNames.flatMap((style) =>
    [false, true].flatMap((degraded) =>
      Array.from({ length: sheetColumns }, (_, column) => picture(style, column, degraded)),
    ),
  );
}

function degradationOf(column: number, degraded: boolean, stream: RandomStream): Degradation {
  return degraded ? randomDegradation(stream, tierOf(column)) : clean;
}

/** Returns pictures and examples of the gallery: the same scenes in every style, with one object and with several. */
export function gallerySheet(seed: number): WorldSheet {
  return {
    scenes: rows((style, column, degraded) => {
      const stream = new RandomStream(seed, 'gallery sheet', column);
      const scene = stream.choice(gallery.all);
      const jitter = randomJitter(stream);
      return render(scene, style, { jitter, degradation: degradationOf(column, degraded, stream), stream });
    }),
    harder: rows((style, column, degraded) => {
      const stream = new RandomStream(seed, 'harder sheet', column);
      const kind = column % 3 === 2 ? 'group' : 'pair';
      const scene = stream.choice(compositions.all.filter((each) => each.kind === kind));
      const jitters = randomJitters(scene, stream);
      return renderComposition(scene, style, { jitters, degradation: degradationOf(column, degraded, stream), stream });
    }),
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
