import { float32, int32, Program } from '../engine/program.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import type { Weights } from '../engine/weights.ts';
import { clipText } from '../models/clip/text.ts';
import { startNoise } from '../models/noise.ts';
import type { LoadedPipeline } from '../models/pipeline.ts';
import { guidedStep, STEP_NUMBERS, type SamplerSettings } from '../models/sampler.ts';
import { DdimScheduler } from '../models/scheduler/ddim.ts';
import { vaeDecode, vaeScale, vaeScalingFactor } from '../models/vae/vae.ts';

export interface Prompt {
  id: string;
  prompt: string;
}

/** One encoder's embeddings of a list of prompts. */
export interface Embeddings {
  /** [prompts, T, D] */
  condition: Float32Array;
  /** Of the empty prompt: [T, D] */
  unconditional: Float32Array;
}

/** An arm of an experiment: sum_j weight_j * embeddings_j stand in for the original embeddings in the last K steps. */
export interface Arm {
  name: string;
  terms: readonly { embeddings: Embeddings; weight: number }[];
}

/** A picture to make: which of the prompts, and which of its samples. */
export interface Item {
  prompt: number;
  sample: number;
}

/** 32 pictures of 8 x 8 latents; one of 64 x 64, which is what memory allows there. */
const batchFor = ({ config }: LoadedPipeline): number => Math.max(1, Math.floor(2048 / config.unet.sample_size ** 2));

/**
 * Makes pictures under several arms from the same start noise. The first T - K steps see the original embeddings in
 * every arm, so they are done once (Alg. 1 and the style control of the paper).
 */
export class PictureGenerator {
  /** Pictures that are made at once. */
  readonly batch: number;
  /** Height and width of a picture, in pixels. */
  readonly size: number;
  readonly #pipeline: LoadedPipeline;
  readonly #program: Program;
  readonly #steps: Float32Array[];
  readonly #lastSteps: number;
  readonly #seed: number;

  /**
   * @param seed of the start noise
   * @param batch pictures that are made at once
   */
  constructor(pipeline: LoadedPipeline, sampler: SamplerSettings, seed: number, batch = batchFor(pipeline)) {
    const { unet, vae } = pipeline.config;
    this.batch = batch;
    this.size = unet.sample_size * vaeScale(vae);
    this.#pipeline = pipeline;
    this.#seed = seed;
    this.#lastSteps = Math.min(sampler.gradientSteps, sampler.steps);
    const scheduler = new DdimScheduler(pipeline.config.scheduler);
    this.#steps = scheduler.timesteps(sampler.steps).map((t) => {
      const { a, b } = scheduler.step(t, sampler.steps);
      return Float32Array.of(t, a, b);
    });
    this.#program = record(pipeline, sampler, this.batch);
  }

  /** Embeddings of the prompts and of the empty prompt under a text encoder. */
  embed(encoder: Weights, prompts: readonly Prompt[]): Embeddings {
    this.#program.load('text_encoder', encoder);
    const { tokenizer } = this.#pipeline;
    const length = tokenizer.modelMaxLength;
    const texts = ['', ...prompts.map(({ prompt }) => prompt)];
    const values = length * this.#pipeline.config.textEncoder.hidden_size;
    const all = new Float32Array(texts.length * values);
    for (let first = 0; first < texts.length; first += this.batch) {
      const part = texts.slice(first, first + this.batch);
      const ids = new Int32Array(this.batch * length);
      for (let i = 0; i < this.batch; i++) ids.set(tokenizer.pad(tokenizer.encode(part[i] ?? '')), i * length);
      const hidden = this.#run('encode', { ids: tf.tensor2d(ids, [this.batch, length], 'int32') });
      all.set(hidden.subarray(0, part.length * values), first * values);
    }
    return { unconditional: all.slice(0, values), condition: all.slice(values) };
  }

  /**
   * Latents after the first T - K steps, under the original encoder's embeddings.
   * @param items at most `batch`; a batch that is not full is filled up with its last item
   */
  firstSteps(prompts: readonly Prompt[], items: readonly Item[], original: Embeddings): Tensor {
    const { sample_size: size, in_channels: channels } = this.#pipeline.config.unet;
    const shape = [size, size, channels] as const;
    const noise = this.#filled(items).map(({ prompt, sample }) =>
      startNoise(this.#seed, prompts[prompt]!.id, sample, shape),
    );
    const z = tf.stack(noise.map((values) => tf.tensor3d(values, [...shape])));
    const arm = { name: 'base', terms: [{ embeddings: original, weight: 1 }] };
    return this.#denoise(z, this.#steps.slice(0, this.#steps.length - this.#lastSteps), items, arm);
  }

  /** The last K steps under an arm's embeddings, and the pictures. `latents` are kept. -> [items, H, W, 3] in [0, 1] */
  lastSteps(latents: Tensor, items: readonly Item[], arm: Arm): Float32Array {
    const z = this.#denoise(latents.clone(), this.#steps.slice(this.#steps.length - this.#lastSteps), items, arm);
    return this.#run('decode', { z }).slice(0, items.length * this.size ** 2 * 3);
  }

  dispose(): void {
    this.#program.dispose();
  }

  #denoise(z: Tensor, steps: readonly Float32Array[], items: readonly Item[], arm: Arm): Tensor {
    const { hidden_size: width } = this.#pipeline.config.textEncoder;
    const length = this.#pipeline.tokenizer.modelMaxLength;
    const mixed = mix(arm, this.#filled(items), length * width);
    const condition = tf.tensor3d(mixed.condition, [this.batch, length, width]);
    const unconditional = tf.tensor3d(mixed.unconditional, [1, length, width]);
    let current = z;
    for (const numbers of steps) {
      const step = tf.tensor1d(numbers);
      const next = this.#program.run('denoise', { z: current, step, condition, unconditional })['z']!;
      tf.dispose([current, step]);
      current = next;
    }
    tf.dispose([condition, unconditional]);
    return current;
  }

  /** Runs an entry point with one output and disposes of its inputs. */
  #run(entry: string, inputs: Record<string, Tensor>): Float32Array {
    const [output] = Object.values(this.#program.run(entry, inputs));
    const values = output!.dataSync() as Float32Array;
    tf.dispose([output!, ...Object.values(inputs)]);
    return values;
  }

  #filled(items: readonly Item[]): Item[] {
    return Array.from({ length: this.batch }, (_, i) => items[Math.min(i, items.length - 1)]!);
  }
}

function record({ config, tokenizer, weights }: LoadedPipeline, { guidance }: SamplerSettings, batch: number): Program {
  const { textEncoder, unet, vae } = config;
  const [length, width] = [tokenizer.modelMaxLength, textEncoder.hidden_size];
  const z = float32(batch, unet.sample_size, unet.sample_size, unet.in_channels);
  const program = new Program();
  program.entry('encode', { ids: int32(batch, length) }, ({ ids }, scope) => ({
    hidden: clipText(scope.parameters('text_encoder'), textEncoder, ids).hidden,
  }));
  const step = {
    z,
    step: STEP_NUMBERS,
    condition: float32(batch, length, width),
    unconditional: float32(1, length, width),
  };
  program.entry('denoise', step, (inputs, scope) => ({
    z: guidedStep(scope.parameters('unet'), unet, guidance, inputs),
  }));
  program.entry('decode', { z }, ({ z }, scope) => {
    const picture = vaeDecode(scope.parameters('vae'), vae, z.div(vaeScalingFactor(vae)));
    return { image: picture.mul(0.5).add(0.5).clipByValue(0, 1) };
  });
  program.compile();
  program.load('unet', weights.unet);
  program.load('vae', weights.vae);
  return program;
}

/** sum_j w_j c_j for each item's prompt and for the empty prompt. @param values T * D */
function mix({ terms }: Arm, items: readonly Item[], values: number): Embeddings {
  const sum = { condition: new Float32Array(items.length * values), unconditional: new Float32Array(values) };
  for (const { embeddings, weight } of terms) {
    for (let k = 0; k < values; k++) sum.unconditional[k]! += weight * embeddings.unconditional[k]!;
    items.forEach(({ prompt }, i) => {
      for (let k = 0; k < values; k++)
        sum.condition[i * values + k]! += weight * embeddings.condition[prompt * values + k]!;
    });
  }
  return sum;
}
