import { product } from '../../common/product.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import type { LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import type { SamplerSettings } from '../../models/sampling/sampler-settings.ts';
import type { LoadedReward } from '../../rewards/reward.ts';
import type { Generator } from '../../training/generator/generator.ts';
import { textToImage } from '../../training/generator/text-to-image.ts';

export interface VideoSettings {
  /** Videos per batch, and frames per video. */
  videos: number;
  frames: number;
  sampler: SamplerSettings;
  /** Weight of the temporal reward. */
  smoothness: number;
}

/**
 * Computes the temporal reward: minus the mean squared difference of successive frames. frames [B, F, H, W, C] in [0,
 * 1] -> [B]
 */
export function smoothness(frames: Tensor): Tensor {
  const [videos, count, ...size] = frames.shape as [number, number, number, number, number];
  const from = (start: number) => frames.slice([0, start, 0, 0, 0], [videos, count - 1, ...size]);
  return from(1).sub(from(0)).square().mean([1, 2, 3, 4]).neg();
}

/**
 * Generates a video as a batch of pictures: its frames share the prompt's embeddings and are denoised together, and one
 * reward compares them. Everything per picture comes from text-to-image, and the trainer treats it alike.
 */
export function textToVideo(
  pipeline: LoadedPipeline,
  rewards: readonly LoadedReward[],
  { videos, frames, sampler, smoothness: weight }: VideoSettings,
): Generator {
  const ofVideos = textToImage(pipeline, rewards, { batch: videos, sampler });
  const ofFrames = textToImage(pipeline, rewards, { batch: videos * frames, sampler });
  const perVideo = (scores: Tensor) => scores.reshape([videos, frames]).mean(1);
  return {
    ...ofFrames,
    rewards: [...ofFrames.rewards, { name: 'smoothness', weight }],
    encodeInputs: ofVideos.encodeInputs,
    encode: (networks, inputs) => ofVideos.encode(networks, inputs),
    step(networks, inputs, { condition, ...rest }) {
      const [, length, width] = condition!.shape as [number, number, number];
      const each = condition!.reshape([videos, 1, length, width]).tile([1, frames, 1, 1]);
      return ofFrames.step(networks, inputs, { condition: each.reshape([videos * frames, length, width]), ...rest });
    },
    scoreInputs: {
      specs: ofFrames.scoreInputs.specs,
      of: (prompts, draw) =>
        ofFrames.scoreInputs.of(
          prompts.flatMap((prompt) => Array<string>(frames).fill(prompt)),
          draw,
        ),
    },
    score(networks, z, inputs) {
      const scores = Object.entries(ofFrames.score(networks, z, inputs));
      const pictures = ofFrames.decode(networks, z);
      const video = pictures.reshape([videos, frames, ...pictures.shape.slice(1)]);
      return {
        ...Object.fromEntries(scores.map(([name, score]) => [name, perVideo(score)])),
        smoothness: smoothness(video),
      };
    },
  };
}

/**
 * Draws start noise of videos: a part shared by the frames of a video, and a little for each frame. [videos * frames,
 * h, w, C]
 */
export function videoNoise(
  normal: (count: number) => Float32Array,
  [videos, frames]: readonly [number, number],
  shape: readonly number[],
  own = 0.3,
): Tensor {
  const noise = (count: number) => tf.tensor(normal(videos * count * product(shape)), [videos, count, ...shape]);
  return noise(1)
    .mul(Math.sqrt(1 - own ** 2))
    .add(noise(frames).mul(own))
    .reshape([videos * frames, ...shape]);
}
