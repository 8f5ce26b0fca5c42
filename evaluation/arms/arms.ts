import { InputError } from '../../common/errors.ts';
import { encoderFor } from '../../models/lora/adapted-encoder.ts';
import { otherEncoder } from '../../models/folder/other-encoder.ts';
import { loadUnet, type LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import type { NetworkWeights } from '../../models/pipeline-program.ts';
import { embedWith } from './arm-encoder.ts';
import type { Arm, Embeddings, PictureGenerator, Prompt } from '../pictures/picture-generator.ts';

/** Inputs of an arm: the prompts to picture, and the original encoder's embeddings of them. */
interface ArmInputs {
  prompts: readonly Prompt[];
  original: Embeddings;
}

/** An arm for which the prompts are not fixed yet. */
export interface ArmSource {
  name: string;
  of(inputs: ArmInputs): Promise<Arm>;
}

/**
 * An arm of the configuration: sum_j w_j c_j over encoders; the original encoder gets the rest of a total weight of 1.
 */
export interface ArmSpec {
  name: string;
  /** Text encoders (folders, safetensors files, or adapters of the original one) and the weights of their embeddings. */
  mix: { encoder: string; weight: number }[];
  /** The number of last steps; K, the steps that are tuned, by default. */
  lastSteps?: number | undefined;
  /** Uses it from the first step on, as for any encoder of another architecture. */
  fromStart?: boolean | undefined;
}

/** The original encoder, under a given name. */
const original = (name: string): ArmSource => ({
  name,
  of: async ({ original }) => ({ name, terms: [{ embeddings: original, weight: 1 }] }),
});
export const base = original('base');

/** Makes arms from encoders; an encoder's embeddings of the same prompts are computed once. */
export class Arms {
  readonly #pipeline: LoadedPipeline;
  readonly #generator: PictureGenerator;
  readonly #known = new Map<string, { prompts: readonly Prompt[]; embeddings: Promise<Embeddings> }>();
  readonly #unets = new Map<string, Promise<NetworkWeights>>();

  constructor(pipeline: LoadedPipeline, generator: PictureGenerator) {
    this.#pipeline = pipeline;
    this.#generator = generator;
  }

  /**
   * `weight` of an encoder's embeddings, and the original's for the rest.
   * @param path undefined for the original itself
   */
  blend(name: string, path: string | undefined, weight: number): ArmSource {
    return path === undefined ? original(name) : this.mix({ name, mix: [{ encoder: path, weight }] });
  }

  /** A blend, with a tuned UNet in its steps if given. @param encoder undefined for the original one */
  tuned(name: string, encoder: string | undefined, weight: number, unet: string | undefined): ArmSource {
    const source = this.blend(name, encoder, weight);
    return unet === undefined ? source : this.withUnet(name, source, unet);
  }

  /** The arm with a tuned UNet in its steps. @param path a folder or a safetensors file */
  withUnet(name: string, source: ArmSource, path: string): ArmSource {
    return { name, of: async (inputs) => ({ ...(await source.of(inputs)), name, unet: await this.#unet(path) }) };
  }

  /**
   * Replaces the pipeline's own networks in all steps and in both guidance branches, as loading their files does.
   * @param encoder, unet undefined for the original ones
   */
  inPlace(name: string, encoder: string | undefined, unet: string | undefined): ArmSource {
    if (encoder === undefined && unet === undefined) return original(name);
    const source = this.mix({ name, mix: encoder === undefined ? [] : [{ encoder, weight: 1 }], fromStart: true });
    return unet === undefined ? source : this.withUnet(name, source, unet);
  }

  /** Replaces each prompt by another. @param rewrite returns undefined for a prompt that stays unchanged */
  prompts(name: string, rewrite: (prompt: Prompt) => string): ArmSource {
    const { weights, folder } = this.#pipeline;
    return {
      name,
      of: async ({ prompts }) => {
        const rewritten = prompts.map((prompt) => ({ ...prompt, prompt: rewrite(prompt) }));
        const embeddings = this.#generator.embed(weights.textEncoder, rewritten, folder);
        return { name, terms: [{ embeddings, weight: 1 }], fromStart: true };
      },
    };
  }

  mix({ name, mix, lastSteps, fromStart }: ArmSpec): ArmSource {
    return {
      name,
      of: async ({ prompts, original }) => {
        const own = await Promise.all(
          mix.map(async ({ encoder, weight }) => ({ embeddings: await this.#embed(encoder, prompts), weight })),
        );
        const others = await Promise.all(mix.map(({ encoder }) => otherEncoder(encoder, this.#pipeline)));
        const rest = 1 - mix.reduce((sum, { weight }) => sum + weight, 0);
        return {
          name,
          terms: [...own, { embeddings: original, weight: rest }],
          ...(lastSteps === undefined ? {} : { lastSteps }),
          ...((fromStart ?? others.some((other) => other !== undefined)) ? { fromStart: true } : {}),
        };
      },
    };
  }

  #embed(path: string, prompts: readonly Prompt[]): Promise<Embeddings> {
    const known = this.#known.get(path);
    if (known?.prompts === prompts) return known.embeddings;
    const embeddings = this.#compute(path, prompts);
    this.#known.set(path, { prompts, embeddings });
    return embeddings;
  }

  /** Returns the same object for the same path, since loaded encoders are cached by it. */
  #unet(path: string): Promise<NetworkWeights> {
    const known = this.#unets.get(path) ?? loadUnet(path).then((weights) => ({ weights, source: path }));
    this.#unets.set(path, known);
    return known;
  }

  async #compute(path: string, prompts: readonly Prompt[]): Promise<Embeddings> {
    const other = await otherEncoder(path, this.#pipeline);
    if (other) return embedWith(other, prompts, this.#pipeline.tokenizer.modelMaxLength);
    return this.#generator.embed(await encoderFor(path, this.#pipeline), prompts, path);
  }
}

/** @throws InputError if two arms have the same name */
export function requireOwnNames(arms: readonly ArmSource[]): void {
  const names = arms.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new InputError(`Two arms of the evaluation are named "${twice}"; rename the one in evaluate.arms.`);
}
