import { tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { InputError } from '../common/errors.ts';
import { Database } from '../datasets/database.ts';
import { findSources } from '../datasets/sources/find.ts';
import { fileRows } from '../datasets/sources/rows.ts';
import { writeWeights, type Weights } from '../engine/weights.ts';
import { TEXT_PREFIX } from '../models/names.ts';
import { loadPipeline } from '../models/pipeline.ts';
import { DdimScheduler } from '../models/scheduler/ddim.ts';
import { absolutePath, checkConfig, readYaml } from '../pipeline/config-file.ts';
import { rewardSchema } from '../pipeline/config.ts';
import { loadRewards } from '../rewards/registry.ts';
import type { RewardSpec } from '../rewards/reward.ts';
import { gradientStep } from '../training/gradient-step.ts';
import { readNoise } from './generate.ts';

export interface StepOptions {
  model: string;
  rewards: string;
  prompts: string;
  latents: string;
  steps: number;
  gradSteps: number;
  guidance: number;
  saveTensors: string;
}

export interface StepResult {
  loss: number;
  /** Each reward's scores, one for each prompt. */
  rewards: Record<string, number[]>;
  gradientNorm: number;
  /** The file with all of it. */
  tensors: string;
}

/** Computes a training step of the text encoder and writes it to a file; the parameters' names are those of the encoder's file. */
export async function step(options: StepOptions): Promise<StepResult> {
  const { steps, gradSteps: gradientSteps, guidance, saveTensors } = options;
  if (gradientSteps > steps)
    throw new InputError(`--grad-steps is ${gradientSteps}; expected at most --steps, ${steps}.`);
  const specs = await readRewards(options.rewards);
  const prompts = await readAllPrompts(options.prompts);
  const pipeline = await loadPipeline(options.model);
  new DdimScheduler(pipeline.config.scheduler).timesteps(steps); // refuses a number of steps that the schedule cannot take
  const noise = await readNoise(options.latents, pipeline.config.unet, prompts.length);
  const rewards = await loadRewards(specs);

  const sampler = { steps, guidance, gradientSteps };
  const { loss, scores, gradients } = gradientStep(pipeline, rewards, { sampler, prompts, noise });
  const tensors: Weights = new Map([['loss', { shape: [1], data: Float32Array.of(loss) }]]);
  for (const [name, data] of Object.entries(scores)) tensors.set(`reward.${name}`, { shape: [prompts.length], data });
  let squares = 0;
  for (const [name, gradient] of gradients) {
    tensors.set(`grad.${name.replace(TEXT_PREFIX, pipeline.textPrefix)}`, gradient);
    squares = gradient.data.reduce((sum, x) => sum + x * x, squares);
  }
  await writeWeights(saveTensors, tensors);
  const lists = Object.entries(scores).map(([name, data]) => [name, Array.from(data)]);
  return { loss, rewards: Object.fromEntries(lists), gradientNorm: Math.sqrt(squares), tensors: saveTensors };
}

export function formatStep({ loss, rewards, gradientNorm, tensors }: StepResult): string {
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  return [
    `loss ${loss.toPrecision(7)}`,
    ...Object.entries(rewards).map(([name, values]) => `reward.${name} ${mean(values).toPrecision(7)}`),
    `gradient norm ${gradientNorm.toPrecision(7)}`,
    tensors,
  ].join('\n');
}

/** The section `rewards` of a configuration file, in which nothing else need be. */
async function readRewards(file: string): Promise<RewardSpec[]> {
  const path = resolve(file);
  const { rewards } = checkConfig(
    z.object({ rewards: z.array(rewardSchema).min(1) }),
    await readYaml(path, file),
    file,
  );
  const absolute = (to: string) => absolutePath(to, dirname(path));
  return rewards.map(({ model, head, ...rest }) => ({
    ...rest,
    model: absolute(model),
    ...(head === undefined ? {} : { head: absolute(head) }),
  }));
}

async function readAllPrompts(path: string): Promise<string[]> {
  const { files } = await findSources(path);
  return Database.use(tmpdir(), async (database) => {
    const all: string[] = [];
    for await (const { prompts } of fileRows(database, files, undefined))
      all.push(...prompts.map((prompt) => prompt ?? ''));
    return all;
  });
}
