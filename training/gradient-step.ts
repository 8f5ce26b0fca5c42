import type { Tensor } from '../engine/tensorflow.ts';
import type { LoadedPipeline } from '../models/pipeline.ts';
import type { SamplerSettings } from '../models/sampler.ts';
import type { LoadedReward } from '../rewards/reward.ts';
import { ADAMW } from './adamw.ts';
import { Trainer, type StepGradients } from './trainer.ts';

/**
 * One step of Alg. 1 from start noise, without applying it: T - K steps without gradient, then K with it, the rewards,
 * and dL/d(phi) for every parameter of the text encoder: zeros where the loss does not depend on one.
 * @param noise z_T [B, h, w, C], a row for each prompt
 */
export function gradientStep(
  pipeline: LoadedPipeline,
  rewards: readonly LoadedReward[],
  { sampler, prompts, noise }: { sampler: SamplerSettings; prompts: readonly string[]; noise: Tensor },
): StepGradients {
  const [batch, height, width] = noise.shape as [number, number, number, number];
  const settings = { batch, latentSize: [height, width] as const, sampler, embeddingPull: 0, optimizer: ADAMW };
  const trainer = new Trainer(pipeline, rewards, settings);
  const rows = prompts.map((_, i) => i);
  const { gradients, ...rest } = trainer.gradients(trainer.rollout(prompts, noise), rows);
  trainer.program.dispose();
  const zeros = (shape: number[], length: number) => ({ shape, data: new Float32Array(length) });
  const all = [...pipeline.weights.textEncoder].map(
    ([name, { shape, data }]) => [name, gradients.get(name) ?? zeros(shape, data.length)] as const,
  );
  return { ...rest, gradients: new Map(all) };
}
