import { product } from '../../../common/product.ts';
import { RandomStream } from '../../../common/random.ts';
import { Program, float32, int32, type TensorSpec, type Tensors } from '../../../engine/program/program.ts';
import { tf } from '../../../engine/tensorflow.ts';
import type { Weights } from '../../../engine/weights/weights.ts';
import type { ClipTextConfig } from '../../../models/clip/clip-config.ts';
import { clipText } from '../../../models/clip/clip-text.ts';
import { unet2dCondition, type UnetConfig } from '../../../models/unet/unet.ts';
import { initialize } from '../../../training/generator/initialize.ts';
import { NoiseLevels } from './noise-levels.ts';
import { FIT_INPUTS, descend, fit, type Fit } from './fit-network.ts';
import { latentShape, type Recipe } from '../recipes/recipe.ts';

const BATCH = 32;
/** Share of examples with the empty prompt, for classifier-free guidance. */
const UNCONDITIONAL = 0.1;

export interface UnetTraining {
  recipe: Recipe;
  /** Latents of the pictures, [count, h, w, C]. */
  latents: Float32Array;
  /** Token ids of each one's captions, [T]. */
  captions: readonly (readonly Int32Array[])[];
  /** Token ids of the empty prompt, [T]. */
  empty: Int32Array;
  textConfig: ClipTextConfig;
  /** Initial weights; a network that is not given is newly initialized. */
  start?: { unet?: Weights; text?: Weights };
  /** Freezes the text encoder, so that the UNet learns to read an existing one. */
  freezeText?: boolean;
  /** The UNet's configuration; the base model's if not given. */
  unet?: UnetConfig;
  /** Extra input channels of the UNet beside the noisy latents. [count, h, w, in_channels - C] */
  guide?: Float32Array;
  /** See {@link NoiseLevels}. */
  layoutWeight: number;
  seed: number;
  steps: number;
  learningRate: number;
  report: Fit['report'];
}

/**
 * Trains the UNet to predict the noise in the latents (Ho et al. 2020, Alg. 1) or their velocity (Salimans and Ho 2022),
 * jointly with the text encoder, like the first text-to-image latent diffusion model (Rombach et al. 2022, section 4.3.1).
 */
export function trainUnet(training: UnetTraining): { unet: Weights; text: Weights } {
  const { recipe, start, freezeText = false, layoutWeight, seed, steps, learningRate, report } = training;
  const levels = new NoiseLevels(recipe, layoutWeight);
  const program = new Program();
  recordStep(program, training, levels);
  program.compile();
  program.load('text_encoder', start?.text ?? initialize(program.parameters('text_encoder'), seed));
  program.load(
    'unet',
    start?.unet ?? initialize(program.parameters('unet'), seed, /(conv_out|proj_out|resnets\.\d+\.conv2)\.weight$/),
  );
  fit({
    program,
    steps,
    learningRate,
    averageLimit: 0.9995,
    report,
    batch: (step) => drawBatch(training, levels, new RandomStream(seed, 'unet', step)),
  });
  const text = freezeText ? start!.text! : program.read('state/average/text_encoder');
  const trained = { unet: program.read('state/average/unet'), text };
  program.dispose();
  return trained;
}

/** Returns the shape of an example's guide. */
const guideShapeOf = ({ recipe, unet = recipe.unet }: UnetTraining): [number, number, number] => {
  const [height, width, channels] = latentShape(recipe);
  return [height, width, unet.in_channels - channels];
};

/** Records `step`, an update by the error in the predicted noise or velocity. */
function recordStep(program: Program, training: UnetTraining, levels: NoiseLevels): void {
  const { recipe, textConfig, freezeText = false, unet = recipe.unet, guide } = training;
  const shape = latentShape(recipe);
  const guideInput: { guide?: TensorSpec } = guide ? { guide: float32(BATCH, ...guideShapeOf(training)) } : {};
  program.entry(
    'step',
    {
      clean: float32(BATCH, ...shape),
      noise: float32(BATCH, ...shape),
      ids: int32(BATCH, recipe.contextLength),
      timestep: float32(BATCH),
      signal: float32(BATCH, 1, 1, 1),
      weight: float32(BATCH),
      ...(guideInput as { guide: TensorSpec }),
      ...FIT_INPUTS,
    },
    ({ clean, noise, ids, timestep, signal, weight, guide: seen, ...numbers }, scope) => {
      const [alpha, sigma] = [signal.sqrt(), tf.sub(1, signal).sqrt()];
      const noisy = clean.mul(alpha).add(noise.mul(sigma));
      const target = levels.prediction === 'epsilon' ? noise : noise.mul(alpha).sub(clean.mul(sigma));
      const sample = guide ? tf.concat([noisy, seen], 3) : noisy;
      return descend(
        scope,
        freezeText ? ['unet'] : ['unet', 'text_encoder'],
        numbers,
        () => {
          const context = clipText(scope.parameters('text_encoder'), textConfig, ids).hidden;
          const predicted = unet2dCondition(scope.parameters('unet'), unet, { sample, timestep, context });
          return predicted.sub(target).square().mean([1, 2, 3]).mul(weight).mean();
        },
        0.01,
      );
    },
  );
}

/** Draws examples, their noise and its levels. */
function drawBatch(training: UnetTraining, levels: NoiseLevels, random: RandomStream): Tensors {
  const { recipe, latents, captions, empty, guide } = training;
  const { contextLength } = recipe;
  const [shape, guideShape] = [latentShape(recipe), guideShapeOf(training)];
  const [size, guideSize] = [product(shape), product(guideShape)];
  const count = latents.length / size;
  const clean = new Float32Array(BATCH * size);
  const ids = new Int32Array(BATCH * contextLength);
  const timestep = new Float32Array(BATCH);
  const signal = new Float32Array(BATCH);
  const weight = new Float32Array(BATCH);
  const guides = new Float32Array(BATCH * guideSize);
  for (let i = 0; i < BATCH; i++) {
    const at = random.integer(count);
    clean.set(latents.subarray(at * size, (at + 1) * size), i * size);
    if (guide) guides.set(guide.subarray(at * guideSize, (at + 1) * guideSize), i * guideSize);
    ids.set(random.uniform() < UNCONDITIONAL ? empty : random.choice(captions[at]!), i * contextLength);
    const level = levels.draw(random);
    timestep[i] = level.timestep;
    signal[i] = level.signal;
    weight[i] = level.weight;
  }
  return {
    clean: tf.tensor4d(clean, [BATCH, ...shape]),
    noise: tf.tensor4d(random.normal(BATCH * size), [BATCH, ...shape]),
    ids: tf.tensor2d(ids, [BATCH, contextLength], 'int32'),
    timestep: tf.tensor1d(timestep),
    signal: tf.tensor4d(signal, [BATCH, 1, 1, 1]),
    weight: tf.tensor1d(weight),
    ...(guide && { guide: tf.tensor4d(guides, [BATCH, ...guideShape]) }),
  };
}
