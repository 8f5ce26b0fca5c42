import { join } from 'node:path';
import { InputError } from '../common/errors.ts';
import { exists, writeFileAtomic } from '../common/files.ts';
import { encodePng } from '../common/pictures/png.ts';
import { readSafetensors, writeSafetensors } from '../engine/weights/safetensors.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { startNoise } from '../models/sampling/noise.ts';
import { loadPipeline, loadTextEncoder, type LoadedPipeline } from '../models/folder/pipeline-folder.ts';
import { schedulerNamed, solverPlan } from '../models/sampling/solver.ts';
import type { UnetConfig } from '../models/unet/unet-config.ts';
import { mix } from '../models/diffusion.ts';
import { PipelineProgram, type NetworkWeights } from '../models/pipeline-program.ts';
import type { EncoderMix } from './encoders/encoder-mix.ts';
import { tunedNetworks, type TunedOptions } from './tuned-networks.ts';

export interface GenerateOptions extends TunedOptions {
  model: string;
  prompt: string[];
  out: string;
  blend?: number;
  /** Text encoders, folders or weight files, whose embeddings are mixed; not beside another text encoder, adapters or a blend. */
  mix?: EncoderMix;
  /** Number of last steps in which tuned networks are used. Default: all. */
  lastSteps?: number;
  /** A sentence that says which networks are used; returned with the result. */
  used?: string;
  negative: string;
  steps: number;
  /** One of `schedulerNames`. */
  scheduler: string;
  guidance: number;
  seed: number;
  latents?: string;
  saveTensors?: string;
  /** Whether to replace pictures and tensors that exist. */
  force?: boolean;
}

interface Listener {
  progress(done: number, total: number): void;
  warn(line: string): void;
}

/**
 * Makes the pictures and writes them; nothing is written before all are there.
 * @returns the paths
 * @throws InputError when a file exists and `force` is not set
 * @example
 * ```ts
 * import { generate } from './api/generate-picture.ts';
 *
 * const { images } = await generate(
 *   {
 *     model: 'models/sd15',
 *     textEncoder: 'tuned/text_encoder',
 *     prompt: ['a red circle', 'a blue square'],
 *     negative: '',
 *     out: 'pictures',
 *     steps: 25,
 *     scheduler: 'ddim',
 *     guidance: 7.5,
 *     seed: 1,
 *   },
 *   { progress: (done, total) => console.log(`step ${done}/${total}`), warn: console.warn },
 * );
 * ```
 */
export async function generate(
  options: GenerateOptions,
  { progress, warn }: Listener,
): Promise<{ images: string[]; tensors?: string; used?: string }> {
  const { prompt: prompts, negative, steps, guidance } = options;
  if (!options.force) await requireNoFiles(options);
  const pipeline = await loadPipeline(options.model);
  const tuned = await tunedNetworks(pipeline, options);
  const terms = await encoderTerms(options, tuned.encoder);
  if (options.lastSteps !== undefined && terms.length === 0 && !tuned.unet)
    throw new InputError('--last-steps needs tuned networks; give them with --text-encoder, --mix, --unet or --lora.');
  const { unet, scheduler } = pipeline.config;
  const solver = schedulerNamed(options.scheduler);
  const evaluations = solverPlan(solver, scheduler, steps).steps.length; // refuses a number of steps that the schedule does not allow
  if ((options.lastSteps ?? 0) > evaluations)
    throw new InputError(
      `--last-steps is ${options.lastSteps}; expected at most ${evaluations}, the steps of a picture (--steps).`,
    );
  const noise =
    options.latents === undefined
      ? seededNoise(unet, prompts, options.seed)
      : await readNoise(options.latents, unet, prompts.length);
  warnOfLongPrompts(pipeline, [...prompts, negative], warn);

  const [batch, height, width] = noise.shape as [number, number, number, number];
  const model = new PipelineProgram(pipeline, { batch, height, width, guidance, secondUnet: tuned.unet !== undefined });
  const original = model.encode(prompts, negative, pipeline.weights.textEncoder, `${options.model}/text_encoder`);
  const conditioning = terms.map(({ network: { weights, source }, weight }) => ({
    conditioning: model.encode(prompts, negative, weights, source),
    weight,
  }));
  const late = terms.length > 0 ? mix(conditioning, original) : original;
  const early = Math.max(0, evaluations - (options.lastSteps ?? evaluations));

  const choose = (i: number) => (i < early ? original : late);
  const latents = model.denoise(noise, steps, choose, {
    scheduler: solver,
    unet: tuned.unet,
    unetFrom: early,
    progress,
  });
  const pictures = model.decode(latents);
  model.dispose();
  const images = await writePictures(options.out, pictures);
  const used = options.used === undefined ? {} : { used: options.used };
  if (options.saveTensors === undefined) return { images, ...used };
  const tensors = { latents: torchTensor(latents), images: torchTensor(pictures) };
  await writeSafetensors(options.saveTensors, tensors);
  return { images, tensors: options.saveTensors, ...used };
}

/** Loads the tuned text encoders with the weights of their embeddings; none for the model's own. */
async function encoderTerms(
  { blend, mix, textEncoder, lora }: GenerateOptions,
  tuned: NetworkWeights | undefined,
): Promise<{ network: NetworkWeights; weight: number }[]> {
  if (!mix) {
    if (blend !== undefined && !tuned)
      throw new InputError('--blend needs a second encoder; give it with --text-encoder or --lora.');
    return tuned ? [{ network: tuned, weight: blend ?? 1 }] : [];
  }
  if (textEncoder !== undefined || lora !== undefined || blend !== undefined)
    throw new InputError(
      '--mix names all tuned encoders and their weights; leave out --text-encoder, --lora and --blend.',
    );
  return Promise.all(
    mix.map(async ({ encoder, weight }) => ({
      network: { weights: await loadTextEncoder(encoder), source: encoder },
      weight,
    })),
  );
}

/**
 * Draws start noise [B, h, w, C] from the seed. A repeated prompt gets different noise, as another sample of it.
 * @example
 * ```ts
 * import { seededNoise } from './api/generate-picture.ts';
 * import { loadPipeline } from './models/folder/pipeline-folder.ts';
 *
 * const { config } = await loadPipeline('models/sd15');
 * const twoSamples = seededNoise(config.unet, ['a red circle', 'a red circle'], 1);
 * ```
 */
export function seededNoise(unet: UnetConfig, prompts: readonly string[], seed: number): Tensor {
  const shape: [number, number, number] = [unet.sample_size, unet.sample_size, unet.in_channels];
  const sample = (i: number) => prompts.slice(0, i).filter((other) => other === prompts[i]).length;
  return tf.stack(prompts.map((prompt, i) => tf.tensor3d(startNoise(seed, prompt, sample(i), shape), shape)));
}

/**
 * Reads the tensor `latents` of a safetensors file, [B, C, h, w] -> [B, h, w, C].
 * @throws InputError when its shape does not fit
 * @example
 * ```ts
 * import { readNoise } from './api/generate-picture.ts';
 * import { loadPipeline } from './models/folder/pipeline-folder.ts';
 *
 * const { config } = await loadPipeline('models/sd15');
 * const noise = await readNoise('start.safetensors', config.unet, 2);
 * console.log(noise.shape);
 * ```
 */
export async function readNoise(path: string, unet: UnetConfig, batch: number): Promise<Tensor> {
  const file = await readSafetensors(path);
  const { shape } = file.info('latents');
  const [b, channels, height, width] = shape;
  if (shape.length !== 4 || b !== batch || channels !== unet.in_channels || !height || !width)
    throw new InputError(
      `Tensor latents in ${path} has shape [${shape.join(', ')}]; expected [${batch}, ${unet.in_channels}, h, w]: one for each prompt, with the UNet's channels.`,
    );
  return tf.tensor(file.float32('latents'), shape).transpose([0, 2, 3, 1]);
}

function warnOfLongPrompts(
  { tokenizer }: LoadedPipeline,
  prompts: readonly string[],
  warn: (line: string) => void,
): void {
  for (const prompt of prompts) {
    const count = tokenizer.count(prompt);
    if (count > tokenizer.modelMaxLength)
      warn(
        `the prompt "${prompt.slice(0, 40)}..." has ${count} tokens; the model reads the first ${tokenizer.modelMaxLength}.`,
      );
  }
}

/** [B, H, W, C] -> [B, C, H, W], the layout of files. */
function torchTensor(tensor: Tensor) {
  const torch = tensor.transpose([0, 3, 1, 2]);
  return { dtype: 'F32' as const, shape: torch.shape, data: torch.dataSync() as Float32Array };
}

const picturePath = (folder: string, i: number): string => join(folder, `${String(i).padStart(4, '0')}.png`);

/** Refuses to replace files. @throws InputError that names the first */
async function requireNoFiles({ prompt, out, saveTensors }: GenerateOptions): Promise<void> {
  const paths = [...prompt.map((_, i) => picturePath(out, i)), ...(saveTensors === undefined ? [] : [saveTensors])];
  for (const path of paths)
    if (await exists(path))
      throw new InputError(`${path} exists already; name another folder or file, or replace it with --force.`);
}

async function writePictures(folder: string, pictures: Tensor): Promise<string[]> {
  const [batch, height, width] = pictures.shape as [number, number, number, number];
  const pixels = pictures.dataSync() as Float32Array;
  const paths: string[] = [];
  for (let i = 0; i < batch; i++) {
    const size = height * width * 3;
    const path = picturePath(folder, i);
    await writeFileAtomic(path, encodePng(pixels.subarray(i * size, (i + 1) * size), height, width));
    paths.push(path);
  }
  return paths;
}
