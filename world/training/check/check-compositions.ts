import { RandomStream } from '../../../common/random.ts';
import { mean } from '../../../common/statistics.ts';
import type { LoadedPipeline } from '../../../models/folder/pipeline-folder.ts';
import { compositionCaption } from '../../scenes/gallery/compositions/composition-grammar.ts';
import { renderComposition } from '../../scenes/gallery/compositions/composition-renderer.ts';
import { compositions } from '../../scenes/gallery/compositions/composition-set.ts';
import {
  compositionAttributes,
  compositionKey,
  type Composition,
} from '../../scenes/gallery/compositions/composition.ts';
import { styleNames } from '../../scenes/gallery/gallery-scene.ts';
import { judgeComposition } from '../../scenes/gallery/oracle/composition-oracle.ts';
import { compositionsIn } from '../data/gallery-data.ts';
import { HARD_SHARE, galleryRecipe } from '../recipes/gallery-recipe.ts';
import { afterAutoencoder } from './after-autoencoder.ts';
import type { Gates } from './gates.ts';
import { checkRewards } from './reward-checks.ts';
import { samplePictures } from './sample-pictures.ts';

/** Compositions of each style that the oracle is measured on, and prompts that are sampled. */
const rendered = 240;
const sampled = 240;

/** Measures the gallery's harder tier: its oracle, and the models that have learned from it. */
export async function checkCompositions(
  folder: string,
  pipeline: LoadedPipeline,
  guidance: number,
  gates: Gates,
): Promise<void> {
  for (const style of styleNames) {
    const scenes = drawn(compositions.all, rendered);
    const clean = scenes.map((scene) => renderComposition(scene, style));
    gates.add(`oracle of several objects, clean renders, ${style}`, strictness(clean, scenes), 0.97);
    const decoded = afterAutoencoder(galleryRecipe, clean, pipeline.weights.vae);
    const name = `oracle of several objects, after the autoencoder's round trip, ${style}`;
    // An autoencoder that has never seen several objects is not held to this.
    if (HARD_SHARE > 0) gates.add(name, strictness(decoded, scenes), 0.9);
    else gates.log(`     ${name}: ${strictness(decoded, scenes).toFixed(3)}`);
  }
  if (HARD_SHARE === 0) return;
  checkSampled(pipeline, guidance, gates);
  await checkRewards(folder, compositionsIn(styleNames), gates, ', several objects');
}

function checkSampled(pipeline: LoadedPipeline, guidance: number, gates: Gates): void {
  const test = drawn(compositions.of('test'), sampled);
  const pictures = samplePictures(
    pipeline,
    test.map((scene) => compositionCaption(scene)),
    guidance,
    test.map(compositionKey),
  );
  gates.add(
    'base model, strict accuracy on held-out prompts of several objects',
    strictness(pictures, test),
    0.05,
    0.7,
  );
  const judged = test.map((scene, i) => judgeComposition(pictures[i]!, scene).correct);
  for (const name of compositionAttributes) {
    const asked = judged.flatMap(({ [name]: right }) => (right === undefined ? [] : [Number(right)]));
    gates.log(`     ${name}: ${mean(asked).toFixed(3)}`);
  }
}

/** Draws different compositions. */
function drawn(among: readonly Composition[], count: number): Composition[] {
  const order = new RandomStream(96, 'compositions to check').permutation(among.length);
  return [...order].slice(0, count).map((at) => among[at]!);
}

const strictness = (pictures: readonly Float32Array[], asked: readonly Composition[]): number =>
  mean(asked.map((scene, i) => judgeComposition(pictures[i]!, scene).strict));
