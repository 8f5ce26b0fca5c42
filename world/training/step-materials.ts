import type { RandomStream } from '../../common/random.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import type { ClipTokenizer } from '../../models/clip/tokenizer/tokenizer.ts';
import { vaeScalingFactor } from '../../models/vae/vae.ts';
import type { PictureBank } from './data/picture-bank.ts';
import type { PictureSet } from './data/picture-set.ts';
import type { WebRecord } from './data/world-data.ts';
import { encodePictures } from './networks/picture-latents.ts';
import type { TrainingStep } from './recipes/recipe.ts';
import { readBank, readPictures, readTrained, readWeb, type WorldBuild } from './step-files.ts';

/** The examples, latents and weights that the steps of a build share. */
export class StepMaterials<S> {
  readonly #build: WorldBuild<S>;
  readonly #tokenizer: ClipTokenizer;

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

  load(step: TrainingStep): Promise<Weights> {
    return readTrained(this.#build.work, step);
  }

  /** Reads the web-like pictures. */
  web(): Promise<PictureSet<WebRecord<S>>> {
    return readWeb(this.#build.work);
  }

  /** Reads the pictures from which the autoencoder learns. [count, side, side, 3] in [0, 1] */
  pictures(): Promise<Float32Array> {
    return readPictures(this.#build.work, this.recipe);
  }

  /** Reads pictures with ground truth. */
  bank(which: 'bank' | 'heldOutBank'): Promise<PictureBank<S>> {
    return readBank(this.#build.work, which);
  }

  /** Latents of the diffusion model; the step `decoder` keeps the encoder of `vae`. */
  async latents(pictures: Float32Array): Promise<Float32Array> {
    const latents = encodePictures(this.recipe, pictures, await this.load('vae'));
    return latents.map((value) => value * vaeScalingFactor(this.recipe.vae));
  }
}

/** Sizes of a tokenizer's vocabulary. */
export const vocabularyOf = ({ size, bosId, eosId }: ClipTokenizer) => ({ size, begin: bosId, end: eosId });
