import { vectorJacobianProduct } from '../engine/gradients.ts';
import { Program, float32, int32, type Scope, type Tensors } from '../engine/program.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { clipText } from '../models/clip/text.ts';
import type { LoadedPipeline } from '../models/pipeline.ts';
import { vaeDecode, vaeScalingFactor } from '../models/vae/vae.ts';
import type { LoadedReward } from '../rewards/reward.ts';
import { rewardWeights, scoreAll, weightedSum } from '../rewards/total.ts';
import { UPDATE_NUMBERS, adamW, globalNorm, type AdamWOptions } from './adamw.ts';
import { STEP_NUMBERS, guidedStep, type SamplerSettings } from '../models/sampler.ts';

export interface TuningSettings {
  batch: number;
  /** Height and width of the latents; by default what the UNet was trained for. */
  latentSize?: readonly [height: number, width: number];
  sampler: SamplerSettings;
  /** Weight of mean((c - c_original)^2) over the embeddings, a pull towards the original encoder. */
  embeddingPull: number;
  optimizer: AdamWOptions;
}

/** The name of the encoder that is tuned, and of the one that it started as. */
export const TUNED = 'text_encoder';
export const ORIGINAL = 'original_text_encoder';

/**
 * The entry points of prompt-based reward tuning (Alg. 1). Between them only latents and embeddings are kept, so memory
 * is that of one UNet application and its gradient, whatever K is:
 *
 *     encode      ids -> condition, unconditional                        under the tuned encoder
 *     denoise     z_t -> z_(t-1)
 *     score       z_0 -> loss, rewards, dL/dz_0
 *     denoiseVjp  z_t, dL/dz_(t-1) -> dL/dz_t and dL/d(embeddings)       runs the step again
 *     update      dL/d(embeddings) -> dL/d(phi), clipped, AdamW
 *     gradients   dL/d(embeddings) -> dL/d(phi) by name, in the engine's layout
 */
export function tuningProgram(
  pipeline: LoadedPipeline,
  rewards: readonly LoadedReward[],
  settings: TuningSettings,
): Program {
  const { textEncoder, unet, vae } = pipeline.config;
  const { batch, sampler, embeddingPull, optimizer } = settings;
  const length = pipeline.tokenizer.modelMaxLength;
  const width = textEncoder.hidden_size;
  const latents = float32(batch, ...(settings.latentSize ?? [unet.sample_size, unet.sample_size]), unet.in_channels);
  const embeddings = { condition: float32(batch, length, width), unconditional: float32(1, length, width) };
  const ids = { ids: int32(batch, length), emptyIds: int32(1, length) };
  const program = new Program();

  program.entry('encode', ids, ({ ids, emptyIds }, scope) => {
    const hidden = clipText(scope.parameters(TUNED), textEncoder, tf.concat([ids, emptyIds], 0)).hidden;
    const [condition, unconditional] = tf.split(hidden, [batch, 1]) as [Tensor, Tensor];
    return { condition, unconditional };
  });

  const step = { z: latents, step: STEP_NUMBERS, ...embeddings };
  program.entry('denoise', step, (inputs, scope) => ({
    z: guidedStep(scope.parameters('unet'), unet, sampler.guidance, inputs),
  }));
  program.entry('denoiseVjp', { ...step, dz: latents }, ({ dz, ...inputs }, scope) => {
    const { gradients } = vectorJacobianProduct(
      () => guidedStep(scope.parameters('unet'), unet, sampler.guidance, inputs),
      () => [inputs.z, inputs.condition, inputs.unconditional],
      dz,
    );
    return { dz: gradients[0]!, dCondition: gradients[1]!, dUnconditional: gradients[2]! };
  });

  const promptIds = Object.fromEntries(
    readers(rewards).map((reward) => [reward.name, int32(batch, reward.promptLength)]),
  );
  program.entry('score', { z: latents, ...promptIds }, ({ z, ...idsOf }: Tensors, scope) => {
    const p = scope.parameters('rewards');
    const features = Object.fromEntries(
      readers(rewards).map((reward) => [reward.name, reward.promptFeatures(p, idsOf[reward.name]!)]),
    );
    let scores: Tensors = {};
    const { value, gradients } = vectorJacobianProduct(
      () => {
        const picture = vaeDecode(scope.parameters('vae'), vae, z!.div(vaeScalingFactor(vae)));
        scores = scoreAll(rewards, p, picture.mul(0.5).add(0.5).clipByValue(0, 1), features);
        for (const score of Object.values(scores)) tf.keep(score);
        return weightedSum(rewards, scores).mean().neg();
      },
      () => [z!],
    );
    return { loss: value, dz: gradients[0]!, ...scores };
  });

  /** dL/d(phi) by name from dL/d(embeddings), the pull included, and how far the embeddings have moved. */
  const backward = (
    { ids, emptyIds, dCondition, dUnconditional }: Record<keyof typeof backwardInputs, Tensor>,
    scope: Scope,
  ) => {
    const all = tf.concat([ids, emptyIds], 0);
    const original = clipText(scope.parameters(ORIGINAL), textEncoder, all).hidden;
    const dHidden = tf.concat([dCondition, dUnconditional], 0);
    let drift = tf.scalar(0) as Tensor;
    const { gradients } = vectorJacobianProduct(
      () => {
        const { hidden } = clipText(scope.parameters(TUNED), textEncoder, all);
        drift = tf.keep(hidden.sub(original).square().mean());
        return hidden.mul(dHidden).sum().add(drift.mul(embeddingPull));
      },
      () => [...scope.used(TUNED).values()],
    );
    return { drift, gradients: new Map([...scope.used(TUNED).keys()].map((name, i) => [name, gradients[i]!])) };
  };
  const backwardInputs = { ...ids, dCondition: embeddings.condition, dUnconditional: embeddings.unconditional };
  program.entry('update', { ...backwardInputs, numbers: UPDATE_NUMBERS }, ({ numbers, ...inputs }, scope) => {
    const { drift, gradients } = backward(inputs, scope);
    return { drift, gradientNorm: adamW(scope, TUNED, gradients, numbers, optimizer) };
  });
  program.entry('gradients', backwardInputs, (inputs, scope) => Object.fromEntries(backward(inputs, scope).gradients));

  program.entry('deltaNorm', {}, (_inputs, scope) => {
    // Only the names are new here: both encoders were recorded above, so their parameters are known.
    const names = [...program.parameters(TUNED).keys()];
    return {
      deltaNorm: globalNorm(
        names.map((name) => scope.value(`${TUNED}/${name}`).sub(scope.value(`${ORIGINAL}/${name}`))),
      ),
    };
  });
  program.compile();
  const { folder, weights } = pipeline;
  for (const group of [TUNED, ORIGINAL]) program.load(group, weights.textEncoder, `${folder}/text_encoder`);
  program.load('unet', weights.unet, `${folder}/unet`);
  program.load('vae', weights.vae, `${folder}/vae`);
  program.load('rewards', rewardWeights(rewards), "the rewards' weights");
  return program;
}

/** The rewards that read the prompt. */
export const readers = (rewards: readonly LoadedReward[]) => rewards.filter((reward) => reward.promptLength > 0);
