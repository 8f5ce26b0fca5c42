import { int32, type TensorSpec, type Tensors } from '../engine/program/program.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import type { Parameters } from '../engine/weights/parameters.ts';
import type { LoadedReward } from './reward.ts';

/** The inputs of a program from which its rewards read the prompts: token ids `ids.NAME`, each in its reward's vocabulary. */
export interface RewardPrompts {
  /** The rewards that read the prompt. */
  readonly readers: readonly LoadedReward[];
  /** int32 [batch, promptLength] by input. */
  specs(batch: number): Record<string, TensorSpec>;
  /** The inputs' values. */
  of(prompts: readonly string[]): Tensors;
  /** The readers' prompt features [batch, F] by reward name. @param p scope of all rewards' weights */
  features(p: Parameters, inputs: Tensors): Record<string, Tensor>;
}

/** @param rewards those that read no prompt have no input */
export function rewardPrompts(rewards: readonly LoadedReward[]): RewardPrompts {
  const readers = rewards.filter(({ promptLength }) => promptLength > 0);
  const byInput = <T>(value: (reward: LoadedReward) => T): Record<string, T> =>
    Object.fromEntries(readers.map((reward) => [idsOf(reward), value(reward)]));
  return {
    readers,
    specs: (batch) => byInput(({ promptLength }) => int32(batch, promptLength)),
    of: (prompts) =>
      byInput((reward) => tf.tensor2d(reward.tokenize(prompts), [prompts.length, reward.promptLength], 'int32')),
    features: (p, inputs) =>
      Object.fromEntries(readers.map((reward) => [reward.name, reward.promptFeatures(p, inputs[idsOf(reward)]!)])),
  };
}

const idsOf = ({ name }: Pick<LoadedReward, 'name'>): string => `ids.${name}`;
