import { RandomStream } from '../../../common/random.ts';
import { mean } from '../../../common/statistics.ts';
import type { LoadedPipeline } from '../../../models/folder/pipeline-folder.ts';
import { galleryCaption, styleTexts } from '../../scenes/gallery/gallery-grammar.ts';
import { render } from '../../scenes/gallery/gallery-renderer.ts';
import { gallery, styleNames, type GalleryScene, type StyleName } from '../../scenes/gallery/gallery-scene.ts';
import { judgeGallery, readGallery } from '../../scenes/gallery/oracle/gallery-oracle.ts';
import { pictureLength } from '../../scenes/gallery/placed-object.ts';
import { leastValidity } from '../../scenes/common/judgement.ts';
import { galleryIn } from '../data/gallery-data.ts';
import { pictureAt, pictureBank } from '../data/picture-bank.ts';
import { galleryRecipe } from '../recipes/gallery-recipe.ts';
import { afterAutoencoder } from './after-autoencoder.ts';
import { checkCompositions } from './check-compositions.ts';
import type { Gates } from './gates.ts';
import { checkRewards, scoresOf } from './reward-checks.ts';
import { samplePictures } from './sample-pictures.ts';

/** Measures the gallery in a folder, style by style. */
export async function checkGallery(folder: string, pipeline: LoadedPipeline, gates: Gates): Promise<void> {
  checkOracle(pipeline, gates);
  checkBase(pipeline, gates);
  await checkStyles(folder, gates);
  await checkCompositions(folder, pipeline, GUIDANCE, gates);
}

function checkOracle({ weights }: LoadedPipeline, gates: Gates): void {
  for (const style of styleNames) {
    const clean = gallery.all.map((scene) => render(scene, style));
    gates.add(`oracle, clean renders, ${style}`, strictness(clean, gallery.all), 0.97);
    const decoded = afterAutoencoder(galleryRecipe, clean, weights.vae);
    gates.add(`oracle, after the autoencoder's round trip, ${style}`, strictness(decoded, gallery.all), 0.9);
    gates.add(`style told after the round trip, ${style}`, styleShare(decoded, style), 0.97);
  }
  const random = new RandomStream(98, 'pictures of nothing');
  const noise = Array.from({ length: 100 }, () =>
    random.normal(pictureLength).map((value) => Math.min(1, Math.max(0, 0.5 + 0.25 * value))),
  );
  gates.add('pictures of noise that are valid', validShare(noise), 0, 0);
}

/** Low, as in configs/tiny.yaml: more makes pictures good unasked, and leaves words and encoders less to ask for. */
const GUIDANCE = 1.25;
/** Words at the end of a prompt that ask for a good picture. */
const GOOD = ['high quality', 'sharp', 'vivid'] as const;

function checkBase(pipeline: LoadedPipeline, gates: Gates): void {
  const test = gallery.of('test');
  const ids = test.map((scene) => gallery.key(scene));
  const sample = (style?: StyleName, quality: readonly (typeof GOOD)[number][] = []) =>
    samplePictures(
      pipeline,
      test.map((scene) => galleryCaption(scene, { style, quality })),
      GUIDANCE,
      ids,
    );
  const plain = sample();
  gates.add('base model, strict accuracy on held-out prompts', strictness(plain, test), 0.3, 0.7);
  const shuffled = test.map((_, i) => test[(i + 97) % test.length]!);
  gates.add('base model, strict accuracy when prompts are shuffled', strictness(plain, shuffled), 0, 0.02);
  const judged = test.map((scene, i) => judgeGallery(plain[i]!, scene));
  for (const name of gallery.names)
    gates.log(`     ${name}: ${mean(judged.map(({ correct }) => Number(correct[name]))).toFixed(3)}`);
  for (const style of styleNames) gates.log(`     ${style}, unasked: ${styleShare(plain, style).toFixed(3)}`);
  const worded = sample(undefined, GOOD);
  gates.log(
    `     quality: ${meanQuality(plain).toFixed(3)}, strict with quality words: ${strictness(worded, test).toFixed(3)}`,
  );
  gates.add('quality gained by quality words', meanQuality(worded) - meanQuality(plain), 0.2);
  for (const style of styleNames) {
    const styled = sample(style);
    gates.add(`style given by its words, ${style}`, styleShare(styled, style), 0.8);
    gates.log(`     strict: ${strictness(styled, test).toFixed(3)}`);
  }
}

async function checkStyles(folder: string, gates: Gates): Promise<void> {
  for (const style of styleNames) {
    const data = galleryIn([style]);
    await checkRewards(folder, data, gates, `, ${style}`);
    const bank = pictureBank(data, 240, 97);
    const pictures = bank.records.flatMap(({ scene }, i) => (scene ? [pictureAt(bank, i)] : []));
    const against = styleNames.filter((other) => other !== style).map((other) => styleTexts[other]);
    const reward = {
      name: 'style',
      type: 'clip-zero-shot',
      model: `${folder}/clip`,
      text: styleTexts[style],
      against,
      weight: 1,
    };
    const scores = await scoresOf(reward, pictures, []);
    gates.add(
      `style reward, pictures to which it gives most, ${style}`,
      mean(scores.map((s) => Number(s > Math.log(0.5)))),
      0.9,
    );
  }
}

const strictness = (pictures: readonly Float32Array[], asked: readonly GalleryScene[]): number =>
  mean(asked.map((scene, i) => judgeGallery(pictures[i]!, scene).strict));
const meanQuality = (pictures: readonly Float32Array[]): number => mean(pictures.map((p) => readGallery(p).quality));
const styleShare = (pictures: readonly Float32Array[], style: StyleName): number =>
  mean(pictures.map((picture) => Number(readGallery(picture).style === style)));
const validShare = (pictures: readonly Float32Array[]): number =>
  mean(pictures.map((picture) => Number(readGallery(picture).validity >= leastValidity)));
