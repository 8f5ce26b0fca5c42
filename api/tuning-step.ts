import { tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { InputError } from '../common/errors.ts';
import { Database } from '../datasets/tables/database.ts';
import type { ComputeType } from '../engine/compute-type.ts';
import { findSources } from '../datasets/sources/find-sources.ts';
import { wholeFiles } from '../datasets/sources/source-rows.ts';
import { writeWeights, type Weights } from '../engine/weights/weights.ts';
import { TEXT_PREFIX } from '../models/folder/tensor-names.ts';
import { loadPipeline, loadTextEncoder } from '../models/folder/pipeline-folder.ts';
import { DdimSchedule } from '../models/sampling/levels/ddim-schedule.ts';
import { absolutePath, checkConfig, readYaml } from '../pipeline/config/config-file.ts';
import { rewardSchema } from '../pipeline/config/config.ts';
import { loadRewards } from '../rewards/reward-types.ts';
import type { RewardSpec } from '../rewards/reward.ts';
import { gradientStep } from '../training/gradient-step.ts';
import { TEXT_ENCODER, UNET } from '../training/generator/text-to-image.ts';
import { readNoise } from './generate-picture.ts';
import { peakBytes } from '../common/peak-memory.ts';
import { downloadModels } from './hub/hub-models.ts';
import type { HubOptions } from '../common/hub/options.ts';

export interface StepOptions {
  model: string;
  rewards: string;
  prompts: string;
  latents: string;
  steps: number;
  gradSteps: number;
  guidance: number;
  train?: Train;
  /** Data type in which networks compute. */
  dtype?: ComputeType;
  /** A tuned encoder (folder or safetensors file) for the last K steps. */
  textEncoder?: string;
  saveTensors: string;
  /** Cache and address of the hub. */
  hub: HubOptions;
}

/** The networks that get gradients: one, or both at once. */
const TRAINED = { encoder: [TEXT_ENCODER], unet: [UNET], joint: [TEXT_ENCODER, UNET] } as const;
type Train = keyof typeof TRAINED;

export interface StepResult {
  loss: number;
  /** Scores by reward, one for each prompt. */
  rewards: Record<string, number[]>;
  gradientNorm: number;
  /** The file with the loss, rewards and gradients. */
  tensors: string;
  /** Peak memory of the process. */
  peakBytes: number;
}

/**
 * Computes the loss and gradients of one training step, and writes them to a safetensors file under the parameter names
 * of the networks' files.
 * @example
 * ```ts
 * import { step } from './api/tuning-step.ts';
 *
 * const { loss, gradientNorm } = await step({
 *   model: 'models/sd15',
 *   rewards: 'rewards.yaml',
 *   prompts: 'prompts.txt',
 *   latents: 'latents.safetensors',
 *   steps: 25,
 *   gradSteps: 5,
 *   guidance: 7.5,
 *   saveTensors: 'step.safetensors',
 *   hub: { cache: '/home/me/.cache/huggingface/hub' },
 * });
 * ```
 */
export async function step(options: StepOptions): Promise<StepResult> {
  const { steps, gradSteps: gradientSteps, guidance, train = 'encoder', dtype, textEncoder, saveTensors } = options;
  if (gradientSteps > steps)
    throw new InputError(`--grad-steps is ${gradientSteps}; expected at most --steps, ${steps}.`);
  const specs = await readRewards(options.rewards, options.hub);
  const prompts = await readAllPrompts(options.prompts);
  const pipeline = await loadPipeline(options.model);
  new DdimSchedule(pipeline.config.scheduler).timesteps(steps); // refuses a number of steps that the schedule does not allow
  const noise = await readNoise(options.latents, pipeline.config.unet, prompts.length);
  const rewards = await loadRewards(specs);

  const encoder =
    textEncoder === undefined ? undefined : { weights: await loadTextEncoder(textEncoder), source: textEncoder };

  const sampler = { steps, guidance, gradientSteps };
  const inputs = { sampler, prompts, noise, train: TRAINED[train], encoder, type: dtype };
  const { loss, scores, gradients } = gradientStep(pipeline, rewards, inputs);
  const tensors: Weights = new Map([['loss', { shape: [1], data: Float32Array.of(loss) }]]);
  for (const [name, data] of Object.entries(scores)) tensors.set(`reward.${name}`, { shape: [prompts.length], data });
  let squares = 0;
  for (const [network, ofNetwork] of Object.entries(gradients)) {
    const prefix = train === 'joint' ? `grad.${network}.` : 'grad.';
    for (const [name, { shape, data }] of ofNetwork) {
      const inFile = network === TEXT_ENCODER ? name.replace(TEXT_PREFIX, pipeline.textPrefix) : name;
      tensors.set(prefix + inFile, { shape, data });
      squares = data.reduce((sum, x) => sum + x * x, squares);
    }
  }
  await writeWeights(saveTensors, tensors);
  const lists = Object.entries(scores).map(([name, data]) => [name, Array.from(data)]);
  return {
    loss,
    rewards: Object.fromEntries(lists),
    gradientNorm: Math.sqrt(squares),
    tensors: saveTensors,
    peakBytes: peakBytes(),
  };
}

/** Reads the section `rewards` of a configuration file, which may hold nothing else. */
async function readRewards(file: string, hub: HubOptions): Promise<RewardSpec[]> {
  const path = resolve(file);
  const { rewards } = checkConfig(
    z.object({ rewards: z.array(rewardSchema).min(1) }),
    await readYaml(path, file),
    file,
  );
  const found = await downloadModels(rewards, dirname(path), hub);
  const absolute = (to: string) => absolutePath(to, dirname(path));
  return found.map(({ model, head, tokenizer, ...rest }) => ({
    ...rest,
    model: absolute(model),
    ...(head === undefined ? {} : { head: absolute(head) }),
    ...(tokenizer === undefined ? {} : { tokenizer: absolute(tokenizer) }),
  }));
}

async function readAllPrompts(path: string): Promise<string[]> {
  const { files } = await findSources(path);
  return Database.use(tmpdir(), async (database) => {
    const all: string[] = [];
    for await (const { prompts } of wholeFiles(database, files, tmpdir(), {}))
      all.push(...prompts.map((prompt) => prompt ?? ''));
    return all;
  });
}
