import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256File } from '../../common/files.ts';
import { readSealed, writeSealed } from '../../common/files/sealed.ts';
import type { RandomStream } from '../../common/random.ts';
import { readWeights, writeWeights, type Weights } from '../../engine/weights/weights.ts';
import { imageFeatures, logitScale, textFeatures } from '../../models/clip/clip.ts';
import { ClipTokenizer } from '../../models/clip/tokenizer/tokenizer.ts';
import { vaeScalingFactor } from '../../models/vae/vae.ts';
import { unit } from '../../rewards/clip-model.ts';
import { filmCnn } from '../../rewards/film-cnn.ts';
import { preprocess } from '../../rewards/preprocess.ts';
import { WRONG_IN_BANK, WRONG_IN_WEB, bankBatches, joinedIds, webBatches } from './data/batches.ts';
import { hiddenPictures, inpaintingInput } from './data/guide-inputs.ts';
import { joined, pictureBank, type PictureBank } from './data/picture-bank.ts';
import type { WorldData } from './data/world-data.ts';
import { PreferencePairs } from './data/preference-pairs.ts';
import { trainPairReward, type PairReward } from './networks/pair-reward.ts';
import { decodeLatents, encodePictures, whiten } from './networks/picture-latents.ts';
import { trainAesthetic } from './networks/train-aesthetic.ts';
import { trainClip } from './networks/train-clip.ts';
import { trainUnet, type UnetTraining } from './networks/train-unet.ts';
import { trainDecoder, trainVae } from './networks/train-vae.ts';
import { widenInput } from './networks/widen-input.ts';
import { autoencoderStep, type WorldStep } from './recipes/recipe.ts';
import { part, prefixed } from './prefixed-weights.ts';
import type { World } from './worlds.ts';

/** Every model has its own seed; the held-out reward's data has yet another. */
const SEEDS = {
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

/** Runs one step of the build unless its file exists intact. */
export async function buildWorldStep<S>(step: WorldStep, build: WorldBuild<S>): Promise<void> {
  const file = stepFile(build.work, step);
  const made = join(build.work, `${step}.json`);
  if (await isMade(file, made)) return;
  await mkdir(build.work, { recursive: true });
  const started = Date.now();
  const builder = new StepBuilder(step, build, await ClipTokenizer.load(build.tokenizer));
  await writeWeights(file, await builder[step]());
  await writeSealed(made, { sha256: await sha256File(file) });
  build.log(`${step} done in ${((Date.now() - started) / 1000).toFixed(0)} s`);
}

/** Returns whether a file is intact. @param record file with its digest when it was written */
async function isMade(file: string, record: string): Promise<boolean> {
  try {
    return (await readSealed<{ sha256: string }>(record)).sha256 === (await sha256File(file));
  } catch {
    return false;
  }
}

/** Makes the weights of each step, from those of earlier ones. */
class StepBuilder<S> implements Record<WorldStep, () => Promise<Weights>> {
  readonly #build: WorldBuild<S>;
  readonly #tokenizer: ClipTokenizer;
  #examples: ReturnType<WorldData<S>['webExample']>[] | undefined;
  readonly #common: { seed: number; steps: number; report: (n: number, means: Record<string, number>) => void };

  constructor(step: WorldStep, build: WorldBuild<S>, tokenizer: ClipTokenizer) {
    this.#build = build;
    this.#tokenizer = tokenizer;
    const steps = build.world.recipe.steps[step];
    if (steps === undefined) throw new RangeError(`this world has no step "${step}"`);
    const started = Date.now();
    const report = (n: number, means: Record<string, number>) =>
      build.log(
        `${step} ${n}/${steps} ${Object.entries(means)
          .map(([name, value]) => `${name} ${value.toPrecision(4)}`)
          .join(' ')} ${((Date.now() - started) / 1000).toFixed(0)} s`,
      );
    this.#common = { seed: SEEDS[step], steps, report };
  }

  async vae(): Promise<Weights> {
    const pictures = this.#webPictures();
    const vae = trainVae(this.#recipe, { ...this.#common, pictures });
    return whiten(this.#recipe, vae, encodePictures(this.#recipe, pictures, vae));
  }

  async decoder(): Promise<Weights> {
    const pictures = this.#webPictures();
    const start = await this.#load('vae');
    const latents = encodePictures(this.#recipe, pictures, start);
    return trainDecoder(this.#recipe, { ...this.#common, pictures, start, latents });
  }

  async base(): Promise<Weights> {
    const batches = { data: this.#data, ids: this.#ids, seed: SEEDS.base };
    return trainClip({
      ...this.#common,
      recipe: this.#recipe,
      config: this.#clip,
      negatives: WRONG_IN_WEB.length,
      learningRate: 1e-3,
      batch: webBatches(batches, this.#webExamples()),
    });
  }

  async draft(): Promise<Weights> {
    return this.#diffusion({ layoutWeight: 0, learningRate: 1.5e-3 });
  }

  /**
   * A draft, if there is one, knows pictures, colors and shapes. CLIP's text encoder, whose tokens all encode position,
   * replaces its own.
   */
  async layout(): Promise<Weights> {
    const clip = await this.#load('base');
    const text: Weights = new Map([...clip].filter(([name]) => name.startsWith('text_model.')));
    const drafted = this.#recipe.steps.draft === undefined ? {} : { unet: part(await this.#load('draft'), 'unet.') };
    const start = { ...drafted, text };
    return this.#diffusion({ layoutWeight: 0.5, learningRate: 1e-3, start });
  }

  async unet(): Promise<Weights> {
    const layout = await this.#load('layout');
    const start = { unet: part(layout, 'unet.'), text: part(layout, 'text.') };
    return this.#diffusion({ layoutWeight: 0.5, learningRate: 1e-3, start });
  }

  async clip(): Promise<Weights> {
    const bank = await this.#bank(SEEDS.bank);
    return trainClip({
      ...this.#common,
      recipe: this.#recipe,
      config: this.#clip,
      negatives: WRONG_IN_BANK.length,
      learningRate: 1e-3,
      batch: bankBatches({ data: this.#data, ids: this.#ids, seed: SEEDS.clip }, bank),
    });
  }

  async preference(): Promise<Weights> {
    const start = await this.#load('clip');
    const config = this.#clip;
    const { preprocessing } = this.#recipe;
    return this.#pairReward(await this.#bank(SEEDS.bank), {
      start,
      learningRate: 3e-4,
      score: (p, image, captions) =>
        unit(imageFeatures(p, config, preprocess(image, preprocessing)))
          .mul(unit(textFeatures(p, config, captions)))
          .sum(-1)
          .mul(logitScale(p).exp()),
    });
  }

  async aesthetic(): Promise<Weights> {
    const bank = await this.#bank(SEEDS.bank);
    const { clip, head } = trainAesthetic({
      ...this.#common,
      recipe: this.#recipe,
      config: this.#clip,
      clip: await this.#load('clip'),
      bank,
      learningRate: 5e-4,
    });
    return new Map([...prefixed(clip, 'clip.'), ...prefixed(head, 'head.')]);
  }

  async heldOut(): Promise<Weights> {
    const network = this.#recipe.heldOut(vocabularyOf(this.#tokenizer));
    return this.#pairReward(await this.#bank(SEEDS.heldOutBank), {
      learningRate: 1.5e-3,
      score: (p, image, captions) => filmCnn(p, network, image, captions),
    });
  }

  async second(): Promise<Weights> {
    return this.#reader({ unet: this.#recipe.second, learningRate: 1.5e-3 });
  }

  async inpainting(): Promise<Weights> {
    const { inpainting } = this.#recipe;
    const { masks, hidden } = hiddenPictures(this.#data, this.#webExamples(), SEEDS.inpainting);
    const guide = inpaintingInput(masks, await this.#latents(hidden));
    const start = widenInput(await this.#load('second'), inpainting.in_channels);
    return this.#reader({ unet: inpainting, learningRate: 1e-3, guide }, start);
  }

  async control(): Promise<Weights> {
    const { control } = this.#recipe;
    const guide = joined(this.#webExamples().map(({ scene }) => this.#data.silhouette(scene)));
    const start = widenInput(await this.#load('second'), control.in_channels);
    return this.#reader({ unet: control, learningRate: 1e-3, guide }, start);
  }

  get #recipe() {
    return this.#build.world.recipe;
  }

  get #data() {
    return this.#build.world.data;
  }

  get #clip() {
    return this.#recipe.clip(vocabularyOf(this.#tokenizer));
  }

  readonly #ids = (caption: string): Int32Array => this.#tokenizer.batch([caption], this.#recipe.contextLength);

  readonly #sceneIds = (scene: S, random: RandomStream): Int32Array => this.#ids(this.#data.caption(scene, random));

  #load(step: WorldStep): Promise<Weights> {
    return readWeights(stepFile(this.#build.work, step));
  }

  #autoencoder(): Promise<Weights> {
    return this.#load(autoencoderStep(this.#recipe));
  }

  /** Renders the web-like set, once. */
  #webExamples(): ReturnType<WorldData<S>['webExample']>[] {
    this.#examples ??= Array.from({ length: this.#recipe.webExamples }, (_, i) => this.#data.webExample(i, SEEDS.web));
    return this.#examples;
  }

  #webPictures(): Float32Array {
    return joined(this.#webExamples().map(({ image }) => image));
  }

  /** Latents of the diffusion model. */
  async #latents(pictures: Float32Array): Promise<Float32Array> {
    const latents = encodePictures(this.#recipe, pictures, await this.#autoencoder());
    return latents.map((value) => value * vaeScalingFactor(this.#recipe.vae));
  }

  /** Two pictures in three have passed the autoencoder, since a reward will see decoded pictures. */
  async #bank(seed: number): Promise<PictureBank<S>> {
    const bank = pictureBank(this.#data, this.#recipe.bankPictures, seed);
    const vae = await this.#autoencoder();
    const decoded = decodeLatents(this.#recipe, encodePictures(this.#recipe, bank.images, vae), vae);
    const length = bank.images.length / bank.scenes.length;
    return { ...bank, images: bank.images.map((value, i) => (Math.floor(i / length) % 3 === 0 ? value : decoded[i]!)) };
  }

  #pairReward(bank: PictureBank<S>, how: Pick<PairReward<S>, 'score' | 'learningRate' | 'start'>): Weights {
    const pairs = new PreferencePairs(this.#data, bank);
    return trainPairReward({ ...this.#common, recipe: this.#recipe, bank, pairs, caption: this.#sceneIds, ...how });
  }

  async #diffusion(
    how: Pick<UnetTraining, 'layoutWeight' | 'learningRate' | 'start' | 'unet' | 'guide' | 'freezeText'>,
  ): Promise<Weights> {
    const examples = this.#webExamples();
    const { unet, text } = trainUnet({
      ...this.#common,
      recipe: this.#recipe,
      latents: await this.#latents(joined(examples.map(({ image }) => image))),
      captions: joinedIds(examples.map(({ caption }) => this.#ids(caption))),
      empty: this.#ids(''),
      textConfig: this.#clip.text_config,
      ...how,
    });
    return new Map([...prefixed(unet, 'unet.'), ...prefixed(text, 'text.')]);
  }

  /** Trains a UNet to read the base model's finished text encoder. */
  async #reader(how: Pick<UnetTraining, 'unet' | 'learningRate' | 'guide'>, start?: Weights): Promise<Weights> {
    const text = part(await this.#load('unet'), 'text.');
    const weights = await this.#diffusion({
      ...how,
      layoutWeight: 0.5,
      freezeText: true,
      start: { text, ...(start && { unet: start }) },
    });
    return part(weights, 'unet.');
  }
}

/** Sizes of a tokenizer's vocabulary. */
export const vocabularyOf = ({ size, bosId, eosId }: ClipTokenizer) => ({ size, begin: bosId, end: eosId });
