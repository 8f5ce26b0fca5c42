import { product } from '../../common/product.ts';
import { RandomStream } from '../../common/random.ts';
import { mean } from '../../common/statistics.ts';
import { caption } from '../scenes/grammar.ts';
import { oracle, type Judgement } from '../scenes/oracle.ts';
import { render } from '../scenes/renderer.ts';
import { attributeNames, scenes, scenesOf, type Scene } from '../scenes/scene.ts';
import { Program, float32, type Tensors } from '../../engine/program/program.ts';
import { tf } from '../../engine/tensorflow.ts';
import { startNoise } from '../../models/sampling/noise.ts';
import { loadPipeline, type LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import { PipelineProgram } from '../../models/pipeline-program.ts';
import { rewardPrompts } from '../../rewards/prompt-inputs.ts';
import { loadReward } from '../../rewards/reward-types.ts';
import type { RewardSpec } from '../../rewards/reward.ts';
import { pictureAt, pictureBank } from './data/picture-bank.ts';
import { PreferencePairs } from './data/preference-pairs.ts';
import { decodeLatents, encodePictures } from './networks/picture-latents.ts';
import { SAMPLING_STEPS } from './networks/noise-levels.ts';
import { imageShape } from './recipes/recipe.ts';
import { shapesWorld } from './worlds.ts';

const { data, recipe } = shapesWorld;
const IMAGE_SHAPE = imageShape(recipe);
const PIXELS = product(IMAGE_SHAPE);
const BATCH = 48;

export interface Gate {
  name: string;
  value: number;
  /** Bounds of the value for the world to be a fair test. */
  low: number;
  high: number;
}

/** Measures the embedded world on data that none of its models has seen in training. */
export async function checkWorld(world: string, log: (line: string) => void): Promise<Gate[]> {
  const pipeline = await loadPipeline(`${world}/base`);
  const gates: Gate[] = [];
  const gate = (name: string, value: number, low: number, high = 1) => {
    gates.push({ name, value, low, high });
    log(`${value >= low && value <= high ? 'ok  ' : 'FAIL'} ${name}: ${value.toFixed(3)} (${low} to ${high})`);
  };
  const clean = Float32Array.from(scenes.flatMap((scene) => Array.from(render(scene))));
  gate('oracle, clean renders', strictness(clean, scenes), 0.97);
  const decoded = decodeLatents(recipe, encodePictures(recipe, clean, pipeline.weights.vae), pipeline.weights.vae);
  gate("oracle, after the autoencoder's round trip", strictness(decoded, scenes), 0.9);

  const test = scenesOf('test');
  const pictures = samplePictures(
    pipeline,
    test.map((scene) => caption(scene)),
  );
  gate('base model, strict accuracy on held-out prompts', strictness(pictures, test), 0.2, 0.7);
  const shuffled = test.map((_, i) => test[(i + 97) % test.length]!);
  gate('base model, strict accuracy when prompts are shuffled', strictness(pictures, shuffled), 0, 0.02);
  const judged = test.map((scene, i) => oracle(pictures.subarray(i * PIXELS, (i + 1) * PIXELS), scene));
  for (const name of attributeNames)
    log(`     ${name}: ${mean(judged.map((j) => Number(j.correct[name]))).toFixed(3)}`);
  log(
    `     quality: ${mean(judged.map((j) => j.quality)).toFixed(3)}, validity: ${mean(judged.map((j) => j.validity)).toFixed(3)}`,
  );

  gate('aesthetic head, correlation with the true score', await aestheticCorrelation(world), 0.9);
  for (const [name, type] of [
    ['clip', 'clip-similarity'],
    ['preference', 'pickscore'],
    ['held-out', 'film-cnn'],
  ] as const)
    gate(
      `${name} reward, pairs judged rightly`,
      await pairAccuracy({ name, type, model: `${world}/${name}`, weight: 1 }),
      name === 'clip' ? 0.6 : 0.85,
    );
  return gates;
}

function strictness(pictures: Float32Array, asked: readonly Scene[]): number {
  const judge = (scene: Scene, i: number): Judgement => oracle(pictures.subarray(i * PIXELS, (i + 1) * PIXELS), scene);
  return mean(asked.map((scene, i) => judge(scene, i).strict));
}

/** Samples a picture per prompt in 8 steps with guidance 3. [prompts, 32, 32, 3] in [0, 1] */
function samplePictures(pipeline: LoadedPipeline, prompts: readonly string[]): Float32Array {
  const { sample_size: side, in_channels: channels } = pipeline.config.unet;
  const shape = [side, side, channels] as [number, number, number];
  const model = new PipelineProgram(pipeline, { batch: BATCH, height: side, width: side, guidance: 3 });
  const pictures = new Float32Array(prompts.length * PIXELS);
  for (let start = 0; start < prompts.length; start += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, i) => prompts[start + i] ?? '');
    const noise = tf.tensor4d(
      Float32Array.from(batch.flatMap((prompt) => Array.from(startNoise(1, prompt, 0, shape)))),
      [BATCH, ...shape],
    );
    const conditioning = model.encode(batch, '', pipeline.weights.textEncoder, 'base');
    const values = model.decode(model.denoise(noise, SAMPLING_STEPS, () => conditioning)).dataSync() as Float32Array;
    pictures.set(values.subarray(0, Math.min(BATCH, prompts.length - start) * PIXELS), start * PIXELS);
  }
  model.dispose();
  return pictures;
}

/** Computes a reward's scores of pictures with captions, in batches. */
async function scoresOf(
  spec: RewardSpec,
  pictures: readonly Float32Array[],
  captions: readonly string[],
): Promise<number[]> {
  const reward = await loadReward(spec);
  const readings = rewardPrompts([reward]);
  const program = new Program();
  const inputs = { image: float32(BATCH, ...IMAGE_SHAPE), ...readings.specs(BATCH) };
  program.entry('score', inputs, ({ image, ...ids }: Tensors, scope) => {
    const p = scope.parameters('reward');
    return { score: reward.scoreWithFeatures(p, image!, readings.features(p, ids)[reward.name]) };
  });
  program.compile();
  program.load('reward', reward.weights);
  const scores: number[] = [];
  for (let start = 0; start + BATCH <= pictures.length; start += BATCH) {
    const image = tf.stack(
      pictures.slice(start, start + BATCH).map((picture) => tf.tensor3d(picture, [...IMAGE_SHAPE])),
    );
    const ids = readings.of(captions.slice(start, start + BATCH));
    scores.push(...program.run('score', { image, ...ids })['score']!.dataSync());
  }
  program.dispose();
  return scores;
}

const CHECK_SEED = 99;

async function pairAccuracy(spec: RewardSpec): Promise<number> {
  const bank = pictureBank(data, 4000, CHECK_SEED);
  const drawn = new PreferencePairs(data, bank);
  const random = new RandomStream(CHECK_SEED, 'pairs to check');
  const pairs = Array.from({ length: 10 * BATCH }, () => drawn.draw(random));
  const captions = pairs.map(({ wanted }) => caption(wanted, random));
  const better = await scoresOf(
    spec,
    pairs.map((pair) => pictureAt(bank, pair.better)),
    captions,
  );
  const worse = await scoresOf(
    spec,
    pairs.map((pair) => pictureAt(bank, pair.worse)),
    captions,
  );
  return mean(better.map((score, i) => Number(score > worse[i]!)));
}

async function aestheticCorrelation(world: string): Promise<number> {
  const bank = pictureBank(data, 10 * BATCH, CHECK_SEED);
  const spec = {
    name: 'aesthetic',
    type: 'aesthetic',
    model: `${world}/aesthetic`,
    head: `${world}/aesthetic/head.safetensors`,
    weight: 1,
  };
  const pictures = bank.records.map((_, i) => pictureAt(bank, i));
  const scores = await scoresOf(spec, pictures, []);
  const truth = bank.records.map(({ quality }) => quality);
  const covariance = (a: readonly number[], b: readonly number[]) =>
    mean(a.map((x, i) => (x - mean(a)) * (b[i]! - mean(b))));
  return covariance(scores, truth) / Math.sqrt(covariance(scores, scores) * covariance(truth, truth));
}
