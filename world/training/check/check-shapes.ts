import { mean } from '../../../common/statistics.ts';
import type { LoadedPipeline } from '../../../models/folder/pipeline-folder.ts';
import { caption } from '../../scenes/shapes/grammar.ts';
import { oracle } from '../../scenes/shapes/oracle.ts';
import { render } from '../../scenes/shapes/renderer.ts';
import { attributeNames, scenes, scenesOf, type Scene } from '../../scenes/shapes/scene.ts';
import { afterAutoencoder } from './after-autoencoder.ts';
import type { Gates } from './gates.ts';
import { checkRewards } from './reward-checks.ts';
import { samplePictures } from './sample-pictures.ts';
import { shapesWorld } from '../worlds.ts';

const { data, recipe } = shapesWorld;

/** Measures the shapes world in a folder. */
export async function checkShapes(folder: string, pipeline: LoadedPipeline, gates: Gates): Promise<void> {
  const clean = scenes.map((scene) => render(scene));
  gates.add('oracle, clean renders', strictness(clean, scenes), 0.97);
  gates.add(
    "oracle, after the autoencoder's round trip",
    strictness(afterAutoencoder(recipe, clean, pipeline.weights.vae), scenes),
    0.9,
  );

  const test = scenesOf('test');
  const pictures = samplePictures(
    pipeline,
    test.map((scene) => caption(scene)),
    3,
  );
  gates.add('base model, strict accuracy on held-out prompts', strictness(pictures, test), 0.2, 0.7);
  const shuffled = test.map((_, i) => test[(i + 97) % test.length]!);
  gates.add('base model, strict accuracy when prompts are shuffled', strictness(pictures, shuffled), 0, 0.02);
  const judged = test.map((scene, i) => oracle(pictures[i]!, scene));
  for (const name of attributeNames)
    gates.log(`     ${name}: ${mean(judged.map((j) => Number(j.correct[name]))).toFixed(3)}`);
  gates.log(
    `     quality: ${mean(judged.map((j) => j.quality)).toFixed(3)}, validity: ${mean(judged.map((j) => j.validity)).toFixed(3)}`,
  );

  await checkRewards(folder, data, gates);
}

const strictness = (pictures: readonly Float32Array[], asked: readonly Scene[]): number =>
  mean(asked.map((scene, i) => oracle(pictures[i]!, scene).strict));
