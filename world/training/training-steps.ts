import type { Weights } from '../../engine/weights/weights.ts';
import { imageFeatures, logitScale, textFeatures } from '../../models/clip/clip.ts';
import type { ClipTokenizer } from '../../models/clip/tokenizer/tokenizer.ts';
import { unit } from '../../rewards/clip-model.ts';
import { filmCnn } from '../../rewards/film-cnn.ts';
import { preprocess } from '../../rewards/preprocess.ts';
import { WRONG_IN_BANK, WRONG_IN_WEB, bankBatches, webBatches } from './data/batches.ts';
import { hiddenPictures, inpaintingInput } from './data/guide-inputs.ts';
import { joined, type PictureBank } from './data/picture-bank.ts';
import { PreferencePairs } from './data/preference-pairs.ts';
import { trainPairReward, type PairReward } from './networks/pair-reward.ts';
import { encodePictures, whiten } from './networks/picture-latents.ts';
import { trainAesthetic } from './networks/train-aesthetic.ts';
import { trainClip } from './networks/train-clip.ts';
import { trainUnet, type UnetTraining } from './networks/train-unet.ts';
import { trainDecoder, trainVae } from './networks/train-vae.ts';
import { widenInput } from './networks/widen-input.ts';
import type { TrainingStep } from './recipes/recipe.ts';
import { part, prefixed } from './prefixed-weights.ts';
import { SEEDS } from './seeds.ts';
import type { WorldBuild } from './step-files.ts';
import { StepMaterials } from './step-materials.ts';

/** Makes the weights of each step, from those of earlier ones. */
export class TrainingSteps<S> implements Record<TrainingStep, () => Promise<Weights>> {
  readonly #materials: StepMaterials<S>;
  readonly #common: { seed: number; steps: number; report: (n: number, means: Record<string, number>) => void };

  constructor(step: TrainingStep, build: WorldBuild<S>, tokenizer: ClipTokenizer) {
    this.#materials = new StepMaterials(build, tokenizer);
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
    const pictures = await this.#materials.pictures();
    const vae = trainVae(this.#materials.recipe, { ...this.#common, pictures });
    return whiten(this.#materials.recipe, vae, encodePictures(this.#materials.recipe, pictures, vae));
  }

  async decoder(): Promise<Weights> {
    const pictures = await this.#materials.pictures();
    const start = await this.#materials.load('vae');
    const latents = encodePictures(this.#materials.recipe, pictures, start);
    return trainDecoder(this.#materials.recipe, { ...this.#common, pictures, start, latents });
  }

  async base(): Promise<Weights> {
    const batches = { data: this.#materials.data, ids: this.#materials.ids, seed: SEEDS.base };
    return trainClip({
      ...this.#common,
      recipe: this.#materials.recipe,
      config: this.#materials.clip,
      negatives: WRONG_IN_WEB.length,
      learningRate: 1e-3,
      batch: webBatches(batches, await this.#materials.web()),
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
    const clip = await this.#materials.load('base');
    const text: Weights = new Map([...clip].filter(([name]) => name.startsWith('text_model.')));
    const drafted =
      this.#materials.recipe.steps.draft === undefined
        ? {}
        : { unet: part(await this.#materials.load('draft'), 'unet.') };
    const start = { ...drafted, text };
    return this.#diffusion({ layoutWeight: 0.5, learningRate: 1e-3, start });
  }

  async unet(): Promise<Weights> {
    const layout = await this.#materials.load('layout');
    const start = { unet: part(layout, 'unet.'), text: part(layout, 'text.') };
    return this.#diffusion({ layoutWeight: 0.5, learningRate: 1e-3, start });
  }

  async clip(): Promise<Weights> {
    const bank = await this.#materials.bank('bank');
    return trainClip({
      ...this.#common,
      recipe: this.#materials.recipe,
      config: this.#materials.clip,
      negatives: WRONG_IN_BANK.length,
      learningRate: 1e-3,
      batch: bankBatches({ data: this.#materials.data, ids: this.#materials.ids, seed: SEEDS.clip }, bank),
    });
  }

  async preference(): Promise<Weights> {
    const start = await this.#materials.load('clip');
    const config = this.#materials.clip;
    const { preprocessing } = this.#materials.recipe;
    return this.#pairReward(await this.#materials.bank('bank'), {
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
    const bank = await this.#materials.bank('bank');
    const { clip, head } = trainAesthetic({
      ...this.#common,
      recipe: this.#materials.recipe,
      config: this.#materials.clip,
      clip: await this.#materials.load('clip'),
      bank,
      learningRate: 5e-4,
    });
    return new Map([...prefixed(clip, 'clip.'), ...prefixed(head, 'head.')]);
  }

  async heldOut(): Promise<Weights> {
    const network = this.#materials.recipe.heldOut(this.#materials.vocabulary);
    return this.#pairReward(await this.#materials.bank('heldOutBank'), {
      learningRate: 1.5e-3,
      score: (p, image, captions) => filmCnn(p, network, image, captions),
    });
  }

  async second(): Promise<Weights> {
    return this.#reader({ unet: this.#materials.recipe.second, learningRate: 1.5e-3 });
  }

  async inpainting(): Promise<Weights> {
    const { inpainting } = this.#materials.recipe;
    const { masks, hidden } = hiddenPictures(this.#materials.data, await this.#materials.web(), SEEDS.inpainting);
    const guide = inpaintingInput(masks, await this.#materials.latents(hidden));
    const start = widenInput(await this.#materials.load('second'), inpainting.in_channels);
    return this.#reader({ unet: inpainting, learningRate: 1e-3, guide }, start);
  }

  async control(): Promise<Weights> {
    const { control } = this.#materials.recipe;
    const guide = joined(
      (await this.#materials.web()).records.map(({ scene }) => this.#materials.data.silhouette(scene)),
    );
    const start = widenInput(await this.#materials.load('second'), control.in_channels);
    return this.#reader({ unet: control, learningRate: 1e-3, guide }, start);
  }

  #pairReward(bank: PictureBank<S>, how: Pick<PairReward<S>, 'score' | 'learningRate' | 'start'>): Weights {
    const pairs = new PreferencePairs(this.#materials.data, bank);
    return trainPairReward({
      ...this.#common,
      recipe: this.#materials.recipe,
      bank,
      pairs,
      caption: this.#materials.sceneIds,
      ...how,
    });
  }

  async #diffusion(
    how: Pick<UnetTraining, 'layoutWeight' | 'learningRate' | 'start' | 'unet' | 'guide' | 'freezeText'>,
  ): Promise<Weights> {
    const { images, records } = await this.#materials.web();
    const { unet, text } = trainUnet({
      ...this.#common,
      recipe: this.#materials.recipe,
      latents: await this.#materials.latents(images),
      captions: records.map(({ captions }) => captions.map((caption) => this.#materials.ids(caption))),
      empty: this.#materials.ids(''),
      textConfig: this.#materials.clip.text_config,
      ...how,
    });
    return new Map([...prefixed(unet, 'unet.'), ...prefixed(text, 'text.')]);
  }

  /** Trains a UNet to read the base model's finished text encoder. */
  async #reader(how: Pick<UnetTraining, 'unet' | 'learningRate' | 'guide'>, start?: Weights): Promise<Weights> {
    const text = part(await this.#materials.load('unet'), 'text.');
    const weights = await this.#diffusion({
      ...how,
      layoutWeight: 0.5,
      freezeText: true,
      start: { text, ...(start && { unet: start }) },
    });
    return part(weights, 'unet.');
  }
}
