import { inLanes } from '../engine/lanes.ts';
import { int32, type Tensors } from '../engine/program/program.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { clipText } from '../models/clip/clip-text.ts';
import type { Weights } from '../engine/weights/weights.ts';
import type { LoadedPipeline } from '../models/folder/pipeline-folder.ts';
import { guidedStep, type SamplerSettings } from '../models/sampler.ts';
import { DdimScheduler } from '../models/scheduler/ddim.ts';
import { vaePicture, vaeScale } from '../models/vae/vae.ts';
import type { LoadedReward } from '../rewards/reward.ts';
import { rewardWeights, scoreAll } from '../rewards/total.ts';
import {
  augmentPictures,
  changesPictures,
  drawPictures,
  pictureSpecs,
  type PictureAugmentation,
} from './augmentation/picture.ts';
import type { Generator, PromptInputs } from './generator.ts';

/** The names of the networks that can be trained. */
export const TEXT_ENCODER = 'text_encoder';
export const UNET = 'unet';
export type TrainableNetwork = typeof TEXT_ENCODER | typeof UNET;
/** The pipeline's own encoder, where another one is blended with it. */
const BLENDED_WITH = 'own_text_encoder';

export interface TextToImageSettings {
  batch: number;
  /** Height and width of the latents; by default what the UNet was trained for. */
  latentSize?: readonly [height: number, width: number];
  sampler: Pick<SamplerSettings, 'steps' | 'guidance'>;
  /** An encoder to use in place of the pipeline's own, or blended with it: weight `blend`, 1 - blend of the own. */
  encoder?: { weights: Weights; source: string; blend: number } | undefined;
  /** How pictures are changed before the rewards see them. */
  augmentation?: PictureAugmentation | undefined;
}

/** Stable Diffusion as a generator: CLIP's text encoder, guided DDIM steps of the UNet, the VAE's decoder, the rewards. */
export function textToImage(
  pipeline: LoadedPipeline,
  rewards: readonly LoadedReward[],
  { batch, latentSize, sampler, encoder, augmentation }: TextToImageSettings,
): Generator {
  const { config, weights, tokenizer, folder } = pipeline;
  const [height, width] = latentSize ?? [config.unet.sample_size, config.unet.sample_size];
  const scheduler = new DdimScheduler(config.scheduler);
  const timesteps = scheduler.timesteps(sampler.steps);
  const lastAlpha = scheduler.alphasCumprod[timesteps.at(-1)!]!;
  const readers = rewards.filter((reward) => reward.promptLength > 0);
  const length = tokenizer.modelMaxLength;
  const tokenize = (prompts: readonly string[]): Tensor => {
    const rows = prompts.map((prompt) => Array.from(tokenizer.pad(tokenizer.encode(prompt), length)));
    return tf.tensor2d(rows, [prompts.length, length], 'int32');
  };

  const encodeInputs: PromptInputs = {
    specs: { ids: int32(batch, length), emptyIds: int32(1, length) },
    of: (prompts) => ({ ids: tokenize(prompts), emptyIds: tokenize(['']) }),
  };
  const size = [batch, height * vaeScale(config.vae), width * vaeScale(config.vae)] as const;
  const augments = augmentation !== undefined && changesPictures(augmentation);
  const idsOf = (reward: string) => `ids.${reward}`;
  const scoreInputs: PromptInputs = {
    specs: {
      ...Object.fromEntries(readers.map(({ name, promptLength }) => [idsOf(name), int32(batch, promptLength)])),
      ...(augments ? pictureSpecs(...size) : {}),
    },
    of: (prompts, draw) => ({
      ...Object.fromEntries(
        readers.map((reward) => [
          idsOf(reward.name),
          tf.tensor2d(reward.tokenize(prompts), [prompts.length, reward.promptLength], 'int32') as Tensor,
        ]),
      ),
      ...(augments ? drawPictures(augmentation, size, draw) : {}),
    }),
  };
  const original = { weights: weights.textEncoder, source: `${folder}/text_encoder` };
  const blended = encoder !== undefined && encoder.blend !== 1;

  return {
    networks: {
      [TEXT_ENCODER]: encoder ?? original,
      ...(blended ? { [BLENDED_WITH]: original } : {}),
      [UNET]: { weights: weights.unet, source: `${folder}/unet` },
      vae: { weights: weights.vae, source: `${folder}/vae` },
      rewards: { weights: rewardWeights(rewards), source: "the rewards' weights" },
    },
    latents: [batch, height, width, config.unet.in_channels],
    steps: timesteps.map((t) => {
      const { a, b } = scheduler.step(t, sampler.steps);
      return [t, a, b];
    }),
    lastLevel: { signal: Math.sqrt(lastAlpha), noise: Math.sqrt(1 - lastAlpha) },
    rewards,

    encodeInputs,
    encode(networks, { ids, emptyIds }: Tensors) {
      const all = tf.concat([ids!, emptyIds!], 0);
      const under = (network: string) => clipText(networks.parameters(network), config.textEncoder, all).hidden;
      const own = under(TEXT_ENCODER);
      const hidden = blended ? own.mul(encoder.blend).add(under(BLENDED_WITH).mul(1 - encoder.blend)) : own;
      const [condition, unconditional] = tf.split(hidden, [batch, 1]) as [Tensor, Tensor];
      return { condition, unconditional };
    },

    step: (networks, { z, step }, { condition, unconditional }: Tensors) =>
      guidedStep(networks.parameters(UNET), config.unet, sampler.guidance, {
        z,
        step,
        condition: condition!,
        unconditional: unconditional!,
      }),

    scoreInputs,
    score(networks, z, inputs) {
      const p = networks.parameters('rewards');
      return inLanes<Tensors, Tensors>({ z, ...inputs }, ({ z, ...own }) => {
        const features = Object.fromEntries(
          readers.map(({ name, promptFeatures }) => [name, promptFeatures(p, own[idsOf(name)]!)]),
        );
        const picture = vaePicture(networks.parameters('vae'), config.vae, z!);
        return scoreAll(rewards, p, augments ? augmentPictures(picture, own) : picture, features);
      });
    },
  };
}
