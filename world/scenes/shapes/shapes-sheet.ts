import { RandomStream } from '../../../common/random.ts';
import { clean } from '../common/degradation.ts';
import { sheetColumns, sheetExamples, tierOf, type WorldSheet } from '../common/sheet-rows.ts';
import { readScene } from './oracle.ts';
import { render } from './renderer.ts';
import { scenes } from './scene.ts';
import { randomDegradation } from './tiers.ts';
import { webExample } from './web-like.ts';
import { randomJitter } from '../common/jitter.ts';

/** Returns pictures and examples of the shapes world. */
export function shapesSheet(seed: number): WorldSheet {
  const row = (number: number, degraded: boolean): Float32Array[] =>
    Array.from({ length: sheetColumns }, (_, column) => {
      const stream = new RandomStream(seed, 'shapes sheet', number, column);
      const scene = stream.choice(scenes);
      const jitter = randomJitter(stream);
      const degradation = degraded ? randomDegradation(stream, tierOf(column)) : clean;
      return render(scene, { jitter, degradation, stream });
    });
  return {
    scenes: [0, 1].flatMap((number) => [...row(number, false), ...row(number, true)]),
    examples: Array.from({ length: sheetExamples }, (_, index) => {
      const { image, caption, scene, tier, quality } = webExample(index, seed);
      const read = readScene(image);
      return {
        image,
        caption,
        truth: { ...scene, tier, quality },
        read: { ...read.scene, quality: read.quality, validity: read.validity },
      };
    }),
  };
}
