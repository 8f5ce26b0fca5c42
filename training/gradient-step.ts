import { product } from '../common/product.ts';
import type { ComputeType } from '../engine/compute-type.ts';
import type { Tensor } from '../engine/tensorflow.ts';
import type { Weights } from '../engine/weights/weights.ts';
import type { LoadedPipeline } from '../models/folder/pipeline-folder.ts';
import type { SamplerSettings } from '../models/sampling/sampler-settings.ts';
import type { LoadedReward } from '../rewards/reward.ts';
import { requireFiniteGradients } from './finite-step.ts';
import { TEXT_ENCODER, textToImage, type TrainableNetwork } from './generator/text-to-image.ts';
import { Trainer, type StepGradients } from './trainer.ts';

export interface GradientStepInputs {
  sampler: SamplerSettings;
  prompts: readonly string[];
  /** z_T [B, h, w, C], a row for each prompt */
  noise: Tensor;
  /** The networks to differentiate by. */
  train: readonly TrainableNetwork[];
  /** Encoder of the last K steps, if not the pipeline's own; `source` names its origin in messages. */
  encoder?: { weights: Weights; source: string } | undefined;
  /** Type of the computation; default: the process's. */
  type?: ComputeType | undefined;
}

/**
 * Computes the gradient of Alg. 1 from start noise and does not apply it: T - K steps without gradient under the
 * original networks, K steps with gradient, the rewards, and dL/d(phi) for every parameter of each trained network
 * (zeros if the loss does not depend on it).
 */
export function gradientStep(
  pipeline: LoadedPipeline,
  rewards: readonly LoadedReward[],
  { sampler, prompts, noise, train, encoder, type }: GradientStepInputs,
): StepGradients {
  const [batch, height, width] = noise.shape as [number, number, number, number];
  const generator = textToImage(pipeline, rewards, { batch, latentSize: [height, width], sampler });
  const trained = train.map((name) => ({ name, learningRate: 0 }));
  const trainer = new Trainer(generator, { trained, gradientSteps: sampler.gradientSteps, embeddingPull: 0, type });
  const rollout = trainer.rollout(prompts, noise);
  if (encoder) trainer.program.load(TEXT_ENCODER, encoder.weights, encoder.source);
  const { gradients, ...rest } = trainer.gradients(rollout, [...prompts.keys()]);
  trainer.program.dispose();
  requireFiniteGradients(gradients);
  const zeros = (shape: number[]) => ({ shape, data: new Float32Array(product(shape)) });
  const all = train.map((network) => {
    const weights = [...generator.networks[network]!.weights];
    return [
      network,
      new Map(weights.map(([name, { shape }]) => [name, gradients[network]!.get(name) ?? zeros(shape)])),
    ];
  });
  return { ...rest, gradients: Object.fromEntries(all) as Record<string, Weights> };
}
