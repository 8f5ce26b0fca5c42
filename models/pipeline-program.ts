import { RunError } from '../common/errors.ts';
import { firstNotFinite } from '../engine/weights/finite.ts';
import { inLanes } from '../engine/lanes.ts';
import { float32, Program, type Tensors } from '../engine/program/program.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import type { Weights } from '../engine/weights/weights.ts';
import { Diffusion, type Conditioning, type DiffusionShape } from './diffusion.ts';
import type { LoadedPipeline } from './folder/pipeline-folder.ts';
import type { SchedulerName } from './sampling/scheduler-names.ts';
import { sample, type Evaluate, type SampleOptions } from './sampling/sample.ts';
import { solverPlan } from './sampling/solver.ts';

export interface PipelineProgramShape extends DiffusionShape {
  /** Makes room for a second UNet, which may take some of the steps. */
  secondUnet?: boolean;
}

/** A network's weights, and their origin for messages. */
export interface NetworkWeights {
  weights: Weights;
  source: string;
}

export interface DenoiseOptions extends SampleOptions {
  /** Default DDIM. */
  scheduler?: SchedulerName | undefined;
  /** Takes the steps from `unetFrom` on (default: all) instead of the pipeline's own; needs `secondUnet`. */
  unet?: NetworkWeights | undefined;
  unetFrom?: number;
  /** Further input channels of the UNet: for inpainting, or a control image. [B, h, w, in_channels - C] */
  guide?: Tensor;
}

const [UNET, SECOND_UNET] = ['unet', 'second_unet'] as const;

/**
 * Records a pipeline's networks as a program that generates pictures, like diffusers' StableDiffusionPipeline with its
 * DDIMScheduler (eta 0) or another of its schedulers.
 * The caller disposes the returned tensors.
 */
export class PipelineProgram {
  readonly #pipeline: LoadedPipeline;
  readonly #diffusion: Diffusion;
  readonly #program = new Program();
  #encoder: Weights | undefined;
  #secondUnet: Weights | undefined;

  constructor(pipeline: LoadedPipeline, { secondUnet = false, ...shape }: PipelineProgramShape) {
    const { weights, folder } = pipeline;
    const diffusion = new Diffusion(pipeline, shape);
    this.#pipeline = pipeline;
    this.#diffusion = diffusion;
    this.#program.entry('encode', { ids: diffusion.ids }, ({ ids }, scope) => ({
      ...diffusion.encode(scope.parameters('text_encoder'), ids),
    }));
    for (const network of secondUnet ? [UNET, SECOND_UNET] : [UNET])
      this.#program.entry(`denoise.${network}`, diffusion.stepInputs, (inputs: Tensors, scope) => ({
        z: diffusion.step(scope.parameters(network), inputs),
      }));
    this.#program.entry('decode', { z: float32(...diffusion.latents) }, (latents, scope) =>
      inLanes(latents, ({ z }) => ({ picture: diffusion.decode(scope.parameters('vae'), z) })),
    );
    this.#program.compile();
    this.#program.load(UNET, weights.unet, `${folder}/unet`);
    this.#program.load('vae', weights.vae, `${folder}/vae`);
  }

  /**
   * Computes embeddings with a text encoder.
   * @param prompts a full batch
   * @param source origin of the encoder, for messages
   */
  encode(prompts: readonly string[], negative: string, encoder: Weights, source: string): Conditioning {
    if (encoder !== this.#encoder) this.#program.load('text_encoder', encoder, source);
    this.#encoder = encoder;
    const { shape } = this.#diffusion.ids;
    const tokens = this.#pipeline.tokenizer.batch([...prompts, negative]);
    const ids = tf.tensor2d(tokens, shape as [number, number], 'int32');
    const output = this.#program.run('encode', { ids });
    ids.dispose();
    return output as unknown as Conditioning;
  }

  /**
   * Denoises in `steps` steps, or only in those from `from` and before `until`. These count evaluations of the UNet
   * (see {@link solverPlan}), which a scheduler may have more of than steps.
   * @param noise noise of standard deviation 1, or the latents after `from` evaluations. [B, h, w, C]
   * @param conditioning returns the conditioning of an evaluation, counted from 0
   * @returns z_0 [B, h, w, C], or the latents after `until` evaluations
   */
  denoise(
    noise: Tensor,
    steps: number,
    conditioning: (step: number) => Conditioning,
    { scheduler = 'ddim', unet, unetFrom = 0, guide, ...part }: DenoiseOptions = {},
  ): Tensor {
    const plan = solverPlan(scheduler, this.#pipeline.config.scheduler, steps);
    if (unet && unet.weights !== this.#secondUnet) this.#program.load(SECOND_UNET, unet.weights, unet.source);
    this.#secondUnet = unet?.weights ?? this.#secondUnet;
    const evaluate: Evaluate = (i, z, numbers) => {
      const step = tf.tensor1d([...numbers]);
      const entry = `denoise.${unet && i >= unetFrom ? SECOND_UNET : UNET}`;
      const next = this.#program.run(entry, { z, step, ...conditioning(i), ...(guide && { guide }) })['z']!;
      step.dispose();
      return next;
    };
    return sample(noise, plan, evaluate, part);
  }

  /**
   * Decodes latents into pictures. z [B, h, w, C] -> [B, H, W, 3] in [0, 1]
   * @throws RunError if the latents or the pictures are not finite
   */
  decode(z: Tensor): Tensor {
    this.#requireFinite('latents', z);
    const picture = this.#program.run('decode', { z })['picture']!;
    this.#requireFinite('pictures', picture);
    return picture;
  }

  #requireFinite(what: string, tensor: Tensor): void {
    if (firstNotFinite(tensor.dataSync() as Float32Array) >= 0)
      throw new RunError(
        `The ${what} of ${this.#pipeline.folder} are not finite numbers: values in its networks overflow. Use float32 (engine.dtype), a smaller guidance scale, or other weights.`,
      );
  }

  dispose(): void {
    this.#program.dispose();
  }
}
