import type { RandomStream } from '../../common/random.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import { imageFeatures, logitScale, textFeatures } from '../../models/clip/clip.ts';
import type { ClipTokenizer } from '../../models/clip/tokenizer/tokenizer.ts';
import { vaeScalingFactor } from '../../models/vae/vae.ts';
import { unit } from '../../rewards/clip-model.ts';
import { filmCnn } from '../../rewards/film-cnn.ts';
import { preprocess } from '../../rewards/preprocess.ts';
import { WRONG_IN_BANK, WRONG_IN_WEB, bankBatches, joinedIds, webBatches } from './data/batches.ts';
import { hiddenPictures, inpaintingInput } from './data/guide-inputs.ts';
import { joined, type PictureBank } from './data/picture-bank.ts';
import type { PictureSet } from './data/picture-set.ts';
import { PreferencePairs } from './data/preference-pairs.ts';
import type { WebRecord } from './data/world-data.ts';
import { trainPairReward, type PairReward } from './networks/pair-reward.ts';
import { encodePictures, whiten } from './networks/picture-latents.ts';
import { trainAesthetic } from './networks/train-aesthetic.ts';
import { trainClip } from './networks/train-clip.ts';
import { trainUnet, type UnetTraining } from './networks/train-unet.ts';
import { trainDecoder, trainVae } from './networks/train-vae.ts';
import { widenInput } from './networks/widen-input.ts';
import { part, prefixed } from './prefixed-weights.ts';
import type { TrainingStep } from './recipes/recipe.ts';
import { SEEDS } from './seeds.ts';
import { readBank, readPictures, readTrained, readWeb, type WorldBuild } from './step-files.ts';

/** Makes the weights of each step, from those of earlier ones. */
export class TrainingSteps<S> implements Record<TrainingStep, () => Promise<Weights>> {
  readonly #build: WorldBuild<S>;
  readonly #tokenizer: ClipTokenizer;
  readonly #common: { seed: number; steps: number; report: (n: number, means: Record<string, number>) => void };

  constructor(step: TrainingStep, build: WorldBuild<S>, tokenizer: ClipTokenizer) {
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
    const pictures = await readPictures(this.#build.work, this.#recipe);
    const vae = trainVae(this.#recipe, { ...this.#common, pictures });
    return whiten(this.#recipe, vae, encodePictures(this.#recipe, pictures, vae));
  }

  async decoder(): Promise<Weights> {
    const pictures = await readPictures(this.#build.work, this.#recipe);
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
      batch: webBatches(batches, await this.#web()),
    });
  }

  async draft(): Promise<Weights> {
    return this.#diffusion({ layoutWeight: 0, learningRate: 1.5e-3 });
  }

  /**
   * A draft, if there is one, knows pictures, colours and shapes. CLIP's text encoder, whose tokens all encode position,
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
    const bank = await readBank<S>(this.#build.work, 'bank');
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
    return this.#pairReward(await readBank<S>(this.#build.work, 'bank'), {
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
    const bank = await readBank<S>(this.#build.work, 'bank');
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
    return this.#pairReward(await readBank<S>(this.#build.work, 'heldOutBank'), {
      learningRate: 1.5e-3,
      score: (p, image, captions) => filmCnn(p, network, image, captions),
    });
  }

  async second(): Promise<Weights> {
    return this.#reader({ unet: this.#recipe.second, learningRate: 1.5e-3 });
  }

  async inpainting(): Promise<Weights> {
    const { inpainting } = this.#recipe;
    const { masks, hidden } = hiddenPictures(this.#data, await this.#web(), SEEDS.inpainting);
    const guide = inpaintingInput(masks, await this.#latents(hidden));
    const start = widenInput(await this.#load('second'), inpainting.in_channels);
    return this.#reader({ unet: inpainting, learningRate: 1e-3, guide }, start);
  }

  async control(): Promise<Weights> {
    const { control } = this.#recipe;
    const guide = joined((await this.#web()).records.map(({ scene }) => this.#data.silhouette(scene)));
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

  #load(step: TrainingStep): Promise<Weights> {
    return readTrained(this.#build.work, step);
  }

  #web(): Promise<PictureSet<WebRecord<S>>> {
    return readWeb(this.#build.work);
  }

  /** Latents of the diffusion model. */
  async #latents(pictures: Float32Array): Promise<Float32Array> {
    const latents = encodePictures(this.#recipe, pictures, await this.#load('vae')); // the step decoder keeps the encoder
    return latents.map((value) => value * vaeScalingFactor(this.#recipe.vae));
  }

  #pairReward(bank: PictureBank<S>, how: Pick<PairReward<S>, 'score' | 'learningRate' | 'start'>): Weights {
    const pairs = new PreferencePairs(this.#data, bank);
    return trainPairReward({ ...this.#common, recipe: this.#recipe, bank, pairs, caption: this.#sceneIds, ...how });
  }

  async #diffusion(
    how: Pick<UnetTraining, 'layoutWeight' | 'learningRate' | 'start' | 'unet' | 'guide' | 'freezeText'>,
  ): Promise<Weights> {
    const { images, records } = await this.#web();
    const { unet, text } = trainUnet({
      ...this.#common,
      recipe: this.#recipe,
      latents: await this.#latents(images),
      captions: joinedIds(records.map(({ caption }) => this.#ids(caption))),
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
