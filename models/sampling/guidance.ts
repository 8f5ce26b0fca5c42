import { inLanes } from '../../engine/lanes.ts';
import { float32 } from '../../engine/program/program.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import type { UnetConfig } from '../unet/unet-config.ts';
import { unet2dCondition } from '../unet/unet.ts';

/** Input with the coefficients of one denoising step: [timestep, a, b], where z' = a z + b eps. */
export const STEP_NUMBERS = float32(3);

export interface StepInputs {
  z: Tensor;
  step: Tensor;
  condition: Tensor;
  unconditional: Tensor;
  guide?: Tensor;
}

/**
 * Takes one step of a sampler that needs only the last evaluation, with classifier-free guidance (Ho and Salimans,
 * arXiv 2207.12598) and both branches in one batch: eps = eps_uncond + guidance (eps_cond - eps_uncond), z' = a z + b
 * eps. As in diffusers, a guidance of 1 or less means none, and the unconditional branch is left out.
 * @param z [B, h, w, C]
 * @param step {@link STEP_NUMBERS}
 * @param condition [B, T, D], the prompts
 * @param unconditional [1, T, D], the empty (or negative) prompt
 * @param guide [B, h, w, in_channels - C], the UNet's further inputs: mask and masked picture, or a control image
 */
export function guidedStep(
  p: Parameters,
  config: UnetConfig,
  guidance: number,
  { z, step, condition, unconditional, guide }: StepInputs,
): Tensor {
  const seen = guide ? tf.concat([z, guide], 3) : z;
  const [timestep, a, b] = tf.split(step, 3) as [Tensor, Tensor, Tensor];
  const { eps } = inLanes({ sample: seen, condition }, ({ sample, condition }) => {
    if (guidance <= 1) return { eps: unet2dCondition(p, config, { sample, timestep, context: condition }) };
    const context = tf.concat([unconditional.tile([condition.shape[0]!, 1, 1]), condition], 0);
    const branches = tf.split(unet2dCondition(p, config, { sample, timestep, context }), 2) as [Tensor, Tensor];
    const [without, withPrompt] = branches;
    return { eps: without.add(withPrompt.sub(without).mul(guidance)) };
  });
  return z.mul(a).add(eps.mul(b));
}
