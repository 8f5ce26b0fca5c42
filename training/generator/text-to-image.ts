import { inLanes } from '../../engine/lanes.ts';
import { int32, type Tensors } from '../../engine/program/program.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import { blend, Diffusion } from '../../models/diffusion.ts';
import type { LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import type { SamplerSettings } from '../../models/sampling/sampler-settings.ts';
import { DdimSchedule } from '../../models/sampling/levels/ddim-schedule.ts';
import { stepNumbers } from '../../models/sampling/one-step.ts';
import { solverPlan } from '../../models/sampling/solver.ts';
import { vaeScale } from '../../models/vae/vae.ts';
import type { LoadedReward } from '../../rewards/reward.ts';
import { rewardPrompts, type RewardPrompts } from '../../rewards/prompt-inputs.ts';
import { rewardWeights, scoreAll } from '../../rewards/total.ts';
import {
  augmentPictures,
  changesPictures,
  drawPictures,
  pictureSpecs,
  type PictureAugmentation,
} from '../augmentation/picture.ts';
import type { Generator, Networks, PromptInputs } from './generator.ts';

/** Names of the trainable networks. */
export const TEXT_ENCODER = 'text_encoder';
export const UNET = 'unet';
export type TrainableNetwork = typeof TEXT_ENCODER | typeof UNET;
/** Name of the pipeline's own encoder when it is blended with another one. */
const BLENDED_WITH = 'own_text_encoder';

export interface TextToImageSettings {
  batch: number;
  /** Height and width of the latents; default: the size that the UNet was trained for. */
  latentSize?: readonly [height: number, width: number];
  sampler: Pick<SamplerSettings, 'steps' | 'guidance'>;
  /** Replaces the pipeline's own encoder, or is blended with it: `blend` is its weight, 1 - blend the own encoder's. */
  encoder?: { weights: Weights; source: string; blend: number } | undefined;
  /** Random changes to the pictures before they are scored. */
  augmentation?: PictureAugmentation | undefined;
}

/** A generator of pictures. */
export interface TextToImage extends Generator {
  /** Decodes latents into pictures. z [...latents] -> [B, H, W, 3] in [0, 1] */
  decode(networks: Networks, z: Tensor): Tensor;
}

/** Makes a generator of Stable Diffusion: CLIP's text encoder, guided DDIM steps of the UNet, VAE decoder, rewards. */
export function textToImage(
  pipeline: LoadedPipeline,
  rewards: readonly LoadedReward[],
  { batch, latentSize, sampler, encoder, augmentation }: TextToImageSettings,
): TextToImage {
  const { config, weights, tokenizer, folder } = pipeline;
  const [height, width] = latentSize ?? [config.unet.sample_size, config.unet.sample_size];
  const steps = stepNumbers(solverPlan('ddim', config.scheduler, sampler.steps));
  const diffusion = new Diffusion(pipeline, { batch, height, width, guidance: sampler.guidance });
  const readings = rewardPrompts(rewards);
  const length = tokenizer.modelMaxLength;
  const tokenize = (prompts: readonly string[]): Tensor =>
    tf.tensor2d(tokenizer.batch(prompts), [prompts.length, length], 'int32');

  const encodeInputs: PromptInputs = {
    specs: { ids: int32(batch, length), emptyIds: int32(1, length) },
    of: (prompts) => ({ ids: tokenize(prompts), emptyIds: tokenize(['']) }),
  };
  const size = [batch, height * vaeScale(config.vae), width * vaeScale(config.vae)] as const;
  const changes = augmentation !== undefined && changesPictures(augmentation) ? augmentation : undefined;
  const original = { weights: weights.textEncoder, source: `${folder}/text_encoder` };
  const blended = encoder !== undefined && encoder.blend !== 1;
  const decode: TextToImage['decode'] = (networks, z) => diffusion.decode(networks.parameters('vae'), z);

  return {
    networks: {
      [TEXT_ENCODER]: encoder ?? original,
      ...(blended ? { [BLENDED_WITH]: original } : {}),
      [UNET]: { weights: weights.unet, source: `${folder}/unet` },
      vae: { weights: weights.vae, source: `${folder}/vae` },
      rewards: { weights: rewardWeights(rewards), source: "the rewards' weights" },
    },
    latents: diffusion.latents,
    steps,
    lastLevel: new DdimSchedule(config.scheduler).level(steps.at(-1)![0]),
    rewards,

    encodeInputs,
    encode(networks, { ids, emptyIds }: Tensors) {
      const all = tf.concat([ids!, emptyIds!], 0);
      const c = diffusion.encode(networks.parameters(TEXT_ENCODER), all);
      if (!blended) return { ...c };
      return { ...blend(c, diffusion.encode(networks.parameters(BLENDED_WITH), all), encoder.blend) };
    },

    step: (networks, { z, step }, c) => diffusion.step(networks.parameters(UNET), { z, step, ...c }),

    decode,

    scoreInputs: scoreInputs(readings, size, changes),
    score(networks, z, inputs) {
      const p = networks.parameters('rewards');
      return inLanes<Tensors, Tensors>({ z, ...inputs }, ({ z, ...own }) => {
        const features = readings.features(p, own);
        const picture = decode(networks, z!);
        return scoreAll(rewards, p, changes ? augmentPictures(picture, own) : picture, features);
      });
    },
  };
}

/** The inputs of the rewards, and random numbers for `changes` to the pictures. @param size of a batch of pictures */
const scoreInputs = (
  readings: RewardPrompts,
  size: readonly [batch: number, height: number, width: number],
  changes: PictureAugmentation | undefined,
): PromptInputs => ({
  specs: { ...readings.specs(size[0]), ...(changes ? pictureSpecs(...size) : {}) },
  of: (prompts, draw) => ({ ...readings.of(prompts), ...(changes ? drawPictures(changes, size, draw) : {}) }),
});
