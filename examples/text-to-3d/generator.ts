import { linear, silu } from '../../engine/layers/layers.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import { int32 } from '../../engine/program/program.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { clipText } from '../../models/clip/clip-text.ts';
import type { LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import { rewardPrompts } from '../../rewards/prompt-inputs.ts';
import type { LoadedReward } from '../../rewards/reward.ts';
import { rewardWeights, scoreAll } from '../../rewards/total.ts';
import type { Generator, PromptInputs } from '../../training/generator/generator.ts';
import { initialize } from '../../training/generator/initialize.ts';
import { BLOB, FRONT, render, sceneOf, SIDE } from './renderer.ts';

export interface SceneSettings {
  /** Scenes per batch, blobs per scene, refinements per scene, side of a view in pixels. */
  scenes: number;
  blobs: number;
  refinements: number;
  size: number;
}

/** Width of the network that refines a scene. */
const HIDDEN = 64;

/** Refines the parameters by the output of a small network of them and the prompt. z [B, N, 7], prompt [B, D] */
function refine(p: Parameters, z: Tensor, step: Tensor, prompt: Tensor): Tensor {
  const [scenes, blobs] = z.shape as [number, number, number];
  const time = step.reshape([1, 1]).tile([scenes, 1]);
  const all = tf.concat([z.reshape([scenes, blobs * BLOB]), prompt, time], 1);
  return z.add(linear(p.at('out'), silu(linear(p.at('hidden'), all, HIDDEN)), blobs * BLOB).reshape(z.shape));
}

/**
 * Generates a scene of blobs from a prompt: noise is refined step by step under CLIP's embedding of the prompt, and a
 * differentiable renderer shows the scene from two sides. The rewards judge both views. `scene` and `text_encoder` can
 * be trained.
 */
export function textToScene(
  { config, weights, tokenizer, folder }: Pick<LoadedPipeline, 'config' | 'weights' | 'tokenizer' | 'folder'>,
  rewards: readonly LoadedReward[],
  { scenes, blobs, refinements, size }: SceneSettings,
): Generator {
  const { hidden_size: width } = config.textEncoder;
  const length = tokenizer.modelMaxLength;
  const readings = rewardPrompts(rewards);
  const shapes = new Map([
    ['hidden.weight', [HIDDEN, blobs * BLOB + width + 1]],
    ['hidden.bias', [HIDDEN]],
    ['out.weight', [blobs * BLOB, HIDDEN]],
    ['out.bias', [blobs * BLOB]],
  ]);
  const encodeInputs: PromptInputs = {
    specs: { ids: int32(scenes, length) },
    of: (prompts) => ({
      ids: tf.tensor2d(tokenizer.batch(prompts), [scenes, length], 'int32'),
    }),
  };
  return {
    networks: {
      text_encoder: { weights: weights.textEncoder, source: `${folder}/text_encoder` },
      scene: { weights: initialize(shapes, 1), source: 'the new scene network' },
      rewards: { weights: rewardWeights(rewards), source: "the rewards' weights" },
    },
    latents: [scenes, blobs, BLOB],
    steps: Array.from({ length: refinements }, (_, i) => [i / refinements]),
    rewards,
    encodeInputs,
    encode: (networks, { ids }) => ({
      prompt: clipText(networks.parameters('text_encoder'), config.textEncoder, ids!).pooled,
    }),
    step: (networks, { z, step }, { prompt }) => refine(networks.parameters('scene'), z, step, prompt!),
    scoreInputs: { specs: readings.specs(scenes), of: (prompts) => readings.of(prompts) },
    score(networks, z, ids) {
      const p = networks.parameters('rewards');
      const features = readings.features(p, ids);
      const scene = sceneOf(z);
      const [front, side] = [FRONT, SIDE].map((view) => scoreAll(rewards, p, render(scene, view, size), features)) as [
        Record<string, Tensor>,
        Record<string, Tensor>,
      ];
      return Object.fromEntries(rewards.map(({ name }) => [name, front[name]!.add(side[name]!).mul(0.5)]));
    },
  };
}
