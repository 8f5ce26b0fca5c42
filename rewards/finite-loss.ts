import { RunError } from '../common/errors.ts';
import { short } from '../common/text/short.ts';
import type { LoadedReward } from './reward.ts';

/**
 * Stops the run if the weighted sum of rewards, or its mean over a batch, overflows although every reward is finite:
 * RunError with the step, and with the reward and the prompt that contribute most.
 * @param scores of each prompt, by reward
 * @param where the training step, if any, and the prompt of each score
 */
export function requireFiniteLoss(
  loss: number,
  rewards: readonly Pick<LoadedReward, 'name' | 'weight'>[],
  scores: Readonly<Record<string, ArrayLike<number>>>,
  where: { step?: number | undefined; prompts: readonly string[] },
): void {
  if (Number.isFinite(loss)) return;
  const parts = rewards.flatMap(({ name, weight }) =>
    Array.from(scores[name]!, (score, i) => ({ name, weight, score, prompt: where.prompts[i]! })),
  );
  const most = parts.reduce((a, b) => (Math.abs(b.weight * b.score) > Math.abs(a.weight * a.score) ? b : a));
  const at = where.step === undefined ? '' : ` at step ${where.step}`;
  throw new RunError(
    `The loss is ${loss}${at}, though every reward is finite: reward "${most.name}" is ${most.score} for the prompt ` +
      `${short(most.prompt)}, with the weight ${most.weight}; the run stops here and the last good checkpoint stays. ` +
      "Lower the rewards' weights, or check this reward's file.",
  );
}
