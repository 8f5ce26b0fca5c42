import { join } from 'node:path';
import type { RandomStream } from '../../common/random.ts';
import { readWeights, type Weights } from '../../engine/weights/weights.ts';
import type { ClipTokenizer } from '../../models/clip/tokenizer/tokenizer.ts';
import { vaeScalingFactor } from '../../models/vae/vae.ts';
import { joined, pictureBank, type PictureBank } from './data/picture-bank.ts';
import type { WorldData } from './data/world-data.ts';
import { decodeLatents, encodePictures } from './networks/picture-latents.ts';
import { autoencoderStep, type WorldStep } from './recipes/recipe.ts';
import type { World } from './worlds.ts';

export interface WorldBuild<S> {
  world: World<S>;
  /** Folder for the steps' files. */
  work: string;
  /** The world's tokenizer folder. */
  tokenizer: string;
  log(line: string): void;
}

/** File of a step's weights. */
export const stepFile = (work: string, step: WorldStep): string => join(work, `${step}.safetensors`);

/** Every model has its own seed; the held-out reward's data has yet another. */
export const SEEDS = {
  web: 1,
  vae: 2,
  decoder: 16,
  base: 3,
  draft: 4,
  layout: 11,
  unet: 12,
  bank: 5,
  clip: 6,
  preference: 7,
  aesthetic: 8,
  heldOutBank: 9,
  heldOut: 10,
  second: 13,
  inpainting: 14,
  control: 15,
};

/** The examples, latents and weights that the steps of a build share. */
export class StepMaterials<S> {
  readonly #build: WorldBuild<S>;
  readonly #tokenizer: ClipTokenizer;
  #examples: ReturnType<WorldData<S>['webExample']>[] | undefined;

  constructor(build: WorldBuild<S>, tokenizer: ClipTokenizer) {
    this.#build = build;
    this.#tokenizer = tokenizer;
  }

  get recipe() {
    return this.#build.world.recipe;
  }

  get data() {
    return this.#build.world.data;
  }

  get vocabulary() {
    return vocabularyOf(this.#tokenizer);
  }

  get clip() {
    return this.recipe.clip(this.vocabulary);
  }

  readonly ids = (caption: string): Int32Array => this.#tokenizer.batch([caption], this.recipe.contextLength);

  readonly sceneIds = (scene: S, random: RandomStream): Int32Array => this.ids(this.data.caption(scene, random));

  load(step: WorldStep): Promise<Weights> {
    return readWeights(stepFile(this.#build.work, step));
  }

  #autoencoder(): Promise<Weights> {
    return this.load(autoencoderStep(this.recipe));
  }

  /** Renders the web-like set, once. */
  webExamples(): ReturnType<WorldData<S>['webExample']>[] {
    this.#examples ??= Array.from({ length: this.recipe.webExamples }, (_, i) => this.data.webExample(i, SEEDS.web));
    return this.#examples;
  }

  webPictures(): Float32Array {
    return joined(this.webExamples().map(({ image }) => image));
  }

  /** Latents of the diffusion model. */
  async latents(pictures: Float32Array): Promise<Float32Array> {
    const latents = encodePictures(this.recipe, pictures, await this.#autoencoder());
    return latents.map((value) => value * vaeScalingFactor(this.recipe.vae));
  }

  /** Two pictures in three have passed the autoencoder, since a reward will see decoded pictures. */
  async bank(seed: number): Promise<PictureBank<S>> {
    const bank = pictureBank(this.data, this.recipe.bankPictures, seed);
    const vae = await this.#autoencoder();
    const decoded = decodeLatents(this.recipe, encodePictures(this.recipe, bank.images, vae), vae);
    const length = bank.images.length / bank.scenes.length;
    return { ...bank, images: bank.images.map((value, i) => (Math.floor(i / length) % 3 === 0 ? value : decoded[i]!)) };
  }
}

/** Sizes of a tokenizer's vocabulary. */
export const vocabularyOf = ({ size, bosId, eosId }: ClipTokenizer) => ({ size, begin: bosId, end: eosId });
