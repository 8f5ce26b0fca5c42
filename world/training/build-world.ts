import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256File, writeFileAtomic } from '../../common/files.ts';
import { readSealed, writeSealed } from '../../common/files/sealed.ts';
import { RandomStream } from '../../common/random.ts';
import { caption, parse } from '../scenes/grammar.ts';
import { attributeNames, attributes, type Attribute, type Scene } from '../scenes/scene.ts';
import { webExample } from '../scenes/web-like.ts';
import { writeSafetensors } from '../../engine/weights/safetensors.ts';
import { readWeights, writeWeights, type Weights } from '../../engine/weights/weights.ts';
import { imageFeatures, logitScale, textFeatures } from '../../models/clip/clip.ts';
import { ClipTokenizer } from '../../models/clip/tokenizer/tokenizer.ts';
import { unit } from '../../rewards/clip-model.ts';
import { filmCnn } from '../../rewards/film-cnn.ts';
import { preprocess } from '../../rewards/preprocess.ts';
import { trainAesthetic } from './train-aesthetic.ts';
import { CLIP_BATCH, trainClip, type PairBatch } from './train-clip.ts';
import { controlGuide, inpaintingGuide, widenInput } from './train-guides.ts';
import { decodeLatents, encodePictures, whiten } from './picture-latents.ts';
import { trainPairReward } from './pair-reward.ts';
import { neighbour, pictureAt, pictureBank, type PictureBank } from './world-pictures.ts';
import {
  CLIP_PREPROCESSING,
  CONTEXT_LENGTH,
  WEB_EXAMPLES,
  clipConfig,
  controlUnetConfig,
  heldOutConfig,
  inpaintingUnetConfig,
  schedulerConfig,
  secondUnetConfig,
  unetConfig,
  vaeConfig,
  PIXELS,
} from './recipe.ts';
import { trainUnet, type UnetTraining } from './train-unet.ts';
import { trainVae } from './train-vae.ts';

/** Every model has its own seed; the held-out reward's data has yet another. */
const SEEDS = {
  web: 1,
  vae: 2,
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
const STEPS = {
  vae: 4000,
  base: 2000,
  draft: 5000,
  layout: 1800,
  unet: 2000,
  clip: 2500,
  preference: 1200,
  aesthetic: 1200,
  heldOut: 2500,
  second: 5000,
  inpainting: 1500,
  control: 1500,
};
const BANK = 12000;

/** Build steps in order of dependence. Each writes one file and its digest; an existing intact file is kept. */
export const WORLD_STEPS = [
  'vae',
  'base',
  'draft',
  'layout',
  'unet',
  'clip',
  'preference',
  'aesthetic',
  'heldOut',
  'second',
  'inpainting',
  'control',
] as const;
export type WorldStep = (typeof WORLD_STEPS)[number];

export interface WorldBuild {
  /** Folder for the steps' files. */
  work: string;
  /** The world's tokenizer folder. */
  tokenizer: string;
  log(line: string): void;
}

/** Runs one step of the build unless its file exists intact. */
export async function buildWorldStep(
  step: WorldStep,
  { work, tokenizer: tokenizerFolder, log }: WorldBuild,
): Promise<void> {
  const path = (name: string) => join(work, `${name}.safetensors`);
  const made = join(work, `${step}.json`);
  if (await isMade(path(step), made)) return;
  await mkdir(work, { recursive: true });
  const tokenizer = await ClipTokenizer.load(tokenizerFolder);
  const ids = (text: string): Int32Array => tokenizer.batch([text], CONTEXT_LENGTH);
  const sceneIds = (scene: Scene, random: RandomStream) => ids(caption(scene, random));
  const config = worldClipConfig(tokenizer);
  const started = Date.now();
  const report = (n: number, means: Record<string, number>) =>
    log(
      `${step} ${n}/${STEPS[step]} ${Object.entries(means)
        .map(([name, value]) => `${name} ${value.toPrecision(4)}`)
        .join(' ')} ${((Date.now() - started) / 1000).toFixed(0)} s`,
    );
  const common = { seed: SEEDS[step], steps: STEPS[step], report };
  const load = (name: WorldStep) => readWeights(path(name));

  const diffusion = async (
    how: Omit<UnetTraining, keyof typeof common | 'latents' | 'captions' | 'empty' | 'textConfig'>,
  ): Promise<Weights> => {
    const data = {
      latents: encodePictures(webPictures(), await load('vae')),
      captions: webCaptions(ids),
      empty: ids(''),
    };
    const { unet, text } = trainUnet({ ...common, ...data, ...how, textConfig: config.text_config });
    return new Map([...prefixed(unet, 'unet.'), ...prefixed(text, 'text.')]);
  };
  /** Trains a UNet to read the base model's finished text encoder. */
  const reader = async (
    how: Pick<UnetTraining, 'unet' | 'learningRate' | 'guide'>,
    start?: Weights,
  ): Promise<Weights> => {
    const text = part(await load('unet'), 'text.');
    const weights = await diffusion({
      ...how,
      layoutWeight: 0.5,
      freezeText: true,
      start: { text, ...(start && { unet: start }) },
    });
    return part(weights, 'unet.');
  };
  const run: Record<WorldStep, () => Promise<Weights>> = {
    async vae() {
      const pictures = webPictures();
      const vae = trainVae(pictures, SEEDS.vae, STEPS.vae, report);
      return whiten(vae, encodePictures(pictures, vae));
    },
    async base() {
      const pictures = webPictures();
      return trainClip({
        ...common,
        config,
        negatives: WRONG_IN_WEB.length,
        learningRate: 1e-3,
        batch: webBatch(pictures, ids),
      });
    },
    draft: () => diffusion({ layoutWeight: 0, learningRate: 1.5e-3 }),
    // The draft knows pictures, colours and shapes. CLIP's text encoder, whose tokens all encode position, replaces its own.
    async layout() {
      const clip = await load('base');
      const text: Weights = new Map([...clip].filter(([name]) => name.startsWith('text_model.')));
      const start = { unet: part(await load('draft'), 'unet.'), text };
      return diffusion({ layoutWeight: 0.5, learningRate: 1e-3, start });
    },
    async unet() {
      const layout = await load('layout');
      const start = { unet: part(layout, 'unet.'), text: part(layout, 'text.') };
      return diffusion({ layoutWeight: 0.5, learningRate: 1e-3, start });
    },
    async clip() {
      const bank = throughVae(pictureBank(BANK, SEEDS.bank), await load('vae'));
      return trainClip({
        ...common,
        config,
        negatives: WRONG_IN.length,
        learningRate: 1e-3,
        batch: cleanBatch(bank, sceneIds),
      });
    },
    async preference() {
      return trainPairReward({
        ...common,
        bank: throughVae(pictureBank(BANK, SEEDS.bank), await load('vae')),
        start: await load('clip'),
        caption: sceneIds,
        learningRate: 3e-4,
        score: (p, image, captions) => {
          const features = unit(imageFeatures(p, config, preprocess(image, CLIP_PREPROCESSING)));
          return features
            .mul(unit(textFeatures(p, config, captions)))
            .sum(-1)
            .mul(logitScale(p).exp());
        },
      });
    },
    async aesthetic() {
      const bank = throughVae(pictureBank(BANK, SEEDS.bank), await load('vae'));
      const { clip, head } = trainAesthetic({ ...common, config, clip: await load('clip'), bank, learningRate: 5e-4 });
      return new Map([...prefixed(clip, 'clip.'), ...prefixed(head, 'head.')]);
    },
    async heldOut() {
      const network = heldOutConfig(tokenizer.size, tokenizer.padId);
      return trainPairReward({
        ...common,
        bank: throughVae(pictureBank(BANK, SEEDS.heldOutBank), await load('vae')),
        caption: sceneIds,
        learningRate: 1.5e-3,
        score: (p, image, captions) => filmCnn(p, network, image, captions),
      });
    },
    second: () => reader({ unet: secondUnetConfig, learningRate: 1.5e-3 }),
    async inpainting() {
      const guide = inpaintingGuide(webPictures(), webScenes(), await load('vae'), SEEDS.inpainting);
      const start = widenInput(await load('second'), inpaintingUnetConfig.in_channels);
      return reader({ unet: inpaintingUnetConfig, learningRate: 1e-3, guide }, start);
    },
    async control() {
      const start = widenInput(await load('second'), controlUnetConfig.in_channels);
      return reader({ unet: controlUnetConfig, learningRate: 1e-3, guide: controlGuide(webScenes()) }, start);
    },
  };
  await writeWeights(path(step), await run[step]());
  await writeSealed(made, { sha256: await sha256File(path(step)) });
  log(`${step} done in ${((Date.now() - started) / 1000).toFixed(0)} s`);
}

/** Returns whether a file is intact. @param record file with its digest when it was written */
async function isMade(file: string, record: string): Promise<boolean> {
  try {
    return (await readSealed<{ sha256: string }>(record)).sha256 === (await sha256File(file));
  } catch {
    return false;
  }
}

const worldClipConfig = (tokenizer: ClipTokenizer) => clipConfig(tokenizer.size, tokenizer.bosId, tokenizer.eosId);

function webPictures(): Float32Array {
  const pictures = new Float32Array(WEB_EXAMPLES * PIXELS);
  for (let i = 0; i < WEB_EXAMPLES; i++) pictures.set(webExample(i, SEEDS.web).image, i * PIXELS);
  return pictures;
}

const webScenes = () => Array.from({ length: WEB_EXAMPLES }, (_, i) => webExample(i, SEEDS.web).scene);

function webCaptions(ids: (text: string) => Int32Array): Int32Array {
  const captions = new Int32Array(WEB_EXAMPLES * CONTEXT_LENGTH);
  for (let i = 0; i < WEB_EXAMPLES; i++) captions.set(ids(webExample(i, SEEDS.web).caption), i * CONTEXT_LENGTH);
  return captions;
}

const WRONG_IN_WEB: readonly (readonly Attribute[])[] = [['shape'], ['position']];

/** Makes batches of web-like pictures with their own captions, and captions with one attribute changed. */
function webBatch(pictures: Float32Array, ids: (text: string) => Int32Array) {
  const captions = Array.from({ length: WEB_EXAMPLES }, (_, i) => webExample(i, SEEDS.web).caption);
  const said = captions.map((text) => parse(text) ?? {});
  return (n: number): PairBatch => {
    const random = new RandomStream(SEEDS.base, 'base batch', n);
    const batch = {
      images: new Float32Array(CLIP_BATCH * PIXELS),
      captions: new Int32Array(CLIP_BATCH * CONTEXT_LENGTH),
      negatives: new Int32Array(WRONG_IN_WEB.length * CLIP_BATCH * CONTEXT_LENGTH),
    };
    for (let i = 0; i < CLIP_BATCH; i++) {
      const at = random.integer(WEB_EXAMPLES);
      batch.images.set(pictures.subarray(at * PIXELS, (at + 1) * PIXELS), i * PIXELS);
      batch.captions.set(ids(captions[at]!), i * CONTEXT_LENGTH);
      WRONG_IN_WEB.forEach((among, k) => {
        const wrong = caption(sayOtherwise(said[at]!, among, random), random);
        batch.negatives.set(ids(wrong), (k * CLIP_BATCH + i) * CONTEXT_LENGTH);
      });
    }
    return batch;
  };
}

/** Changes one stated attribute: one of `among` if any is stated, else any. */
function sayOtherwise(said: Partial<Scene>, among: readonly Attribute[], random: RandomStream): Partial<Scene> {
  const named = attributeNames.filter((name) => said[name] !== undefined);
  const changeable = among.filter((name) => named.includes(name));
  const attribute = random.choice(changeable.length > 0 ? changeable : named.length > 0 ? named : attributeNames);
  return { ...said, [attribute]: random.choice(attributes[attribute].filter((value) => value !== said[attribute])) };
}

/** Passes two pictures in three through the autoencoder, since a reward will see decoded pictures. */
function throughVae(bank: PictureBank, vae: Weights): PictureBank {
  const decoded = decodeLatents(encodePictures(bank.images, vae), vae);
  const images = bank.images.map((value, i) => (Math.floor(i / PIXELS) % 3 === 0 ? value : decoded[i]!));
  return { ...bank, images };
}

/** Attribute that each wrong caption of a picture gets wrong: contrastive training learns shape and position last. */
const WRONG_IN: readonly (readonly Attribute[])[] = [['shape'], ['position'], attributeNames];

/** Makes batches of pictures with correct captions, and captions wrong in one attribute. */
function cleanBatch(bank: PictureBank, sceneIds: (scene: Scene, random: RandomStream) => Int32Array) {
  const usable = bank.scenes.flatMap((scene, i) => (scene ? [i] : []));
  return (n: number): PairBatch => {
    const random = new RandomStream(SEEDS.clip, 'clip batch', n);
    const images = new Float32Array(CLIP_BATCH * PIXELS);
    const captions = new Int32Array(CLIP_BATCH * CONTEXT_LENGTH);
    const negatives = new Int32Array(WRONG_IN.length * CLIP_BATCH * CONTEXT_LENGTH);
    for (let i = 0; i < CLIP_BATCH; i++) {
      const at = random.choice(usable);
      const scene = bank.scenes[at]!;
      images.set(pictureAt(bank, at), i * PIXELS);
      captions.set(sceneIds(scene, random), i * CONTEXT_LENGTH);
      WRONG_IN.forEach((among, k) =>
        negatives.set(sceneIds(neighbour(scene, random, among), random), (k * CLIP_BATCH + i) * CONTEXT_LENGTH),
      );
    }
    return { images, captions, negatives };
  };
}

const prefixed = (weights: Weights, prefix: string) =>
  [...weights].map(([name, tensor]) => [prefix + name, tensor] as const);
const part = (weights: Weights, prefix: string): Weights =>
  new Map(
    [...weights]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );

/** Writes the world's folders, in float16, from the files of all steps, and a manifest with their digests. */
export async function assembleWorld(world: string, { work, tokenizer: tokenizerFolder }: WorldBuild): Promise<void> {
  const load = (name: WorldStep) => readWeights(join(work, `${name}.safetensors`));
  const tokenizer = await ClipTokenizer.load(tokenizerFolder);
  const config = worldClipConfig(tokenizer);
  const json = (path: string, value: unknown) =>
    writeFileAtomic(join(world, path), `${JSON.stringify(value, null, 2)}\n`);
  const weights = async (path: string, tensors: Weights) => {
    await mkdir(join(world, path, '..'), { recursive: true });
    await writeWeights(join(world, path), tensors, 'F16');
  };
  const base = await load('unet');
  await json('base/model_index.json', {
    _class_name: 'StableDiffusionPipeline',
    scheduler: ['diffusers', 'DDIMScheduler'],
    text_encoder: ['transformers', 'CLIPTextModel'],
    tokenizer: ['transformers', 'CLIPTokenizer'],
    unet: ['diffusers', 'UNet2DConditionModel'],
    vae: ['diffusers', 'AutoencoderKL'],
    safety_checker: [null, null],
    feature_extractor: [null, null],
    requires_safety_checker: false,
  });
  await json('base/scheduler/scheduler_config.json', schedulerConfig);
  await json('base/text_encoder/config.json', { architectures: ['CLIPTextModel'], ...config.text_config });
  await weights('base/text_encoder/model.safetensors', part(base, 'text.'));
  await json('base/unet/config.json', unetConfig);
  await weights('base/unet/diffusion_pytorch_model.safetensors', part(base, 'unet.'));
  for (const [folder, unet, step] of [
    ['second', secondUnetConfig, 'second'],
    ['second-inpainting', inpaintingUnetConfig, 'inpainting'],
    ['second-control', controlUnetConfig, 'control'],
  ] as const) {
    await json(`${folder}/config.json`, unet);
    await weights(`${folder}/diffusion_pytorch_model.safetensors`, await load(step));
  }
  await json('base/vae/config.json', vaeConfig);
  await weights('base/vae/diffusion_pytorch_model.safetensors', await load('vae'));
  const aesthetic = await load('aesthetic');
  for (const [folder, model] of [
    ['clip', await load('clip')],
    ['preference', await load('preference')],
    ['aesthetic', part(aesthetic, 'clip.')],
  ] as const) {
    await json(`${folder}/config.json`, config);
    await weights(`${folder}/model.safetensors`, model);
    await copyTokenizer(tokenizerFolder, join(world, folder));
  }
  const head = Object.fromEntries(
    [...part(aesthetic, 'head.')].map(([name, tensor]) => [name, { dtype: 'F16' as const, ...tensor }]),
  );
  await writeSafetensors(join(world, 'aesthetic/head.safetensors'), head, { bounded: 'true' });
  await json('held-out/config.json', heldOutConfig(tokenizer.size, tokenizer.padId));
  await weights('held-out/model.safetensors', await load('heldOut'));
  await copyTokenizer(tokenizerFolder, join(world, 'held-out'));
  const files = (await readdir(world, { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile() && entry.name !== 'manifest.json',
  );
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  await json(
    'manifest.json',
    Object.fromEntries(
      await Promise.all(paths.map(async (path) => [path.slice(world.length + 1), await sha256File(path)])),
    ),
  );
}

async function copyTokenizer(from: string, to: string): Promise<void> {
  for (const file of await readdir(from)) await copyFile(join(from, file), join(to, file));
}
