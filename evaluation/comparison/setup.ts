import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, RunError } from '../../common/errors.ts';
import { readSplit } from '../../datasets/shards/shards.ts';
import { loadPipeline, type LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import type { SamplerSettings } from '../../models/sampling/sampler-settings.ts';
import { loadRewards } from '../../rewards/reward-types.ts';
import type { RewardSpec } from '../../rewards/reward.ts';
import { PictureGenerator, type Prompt } from '../pictures/picture-generator.ts';
import { Judge } from './judge-pictures.ts';
import { HELD_OUT, TAKEN_METRICS } from '../evaluation-names.ts';

/** Settings of the sweep and the evaluation for making and judging pictures. */
export interface JudgingConfig {
  /** A diffusers folder. */
  model: string;
  sampler: SamplerSettings;
  /** Rewards that the encoder was trained on. */
  rewards: RewardSpec[];
  /** A reward that nothing was trained on. */
  heldOut?: Pick<RewardSpec, 'type' | 'model' | 'head'>;
}

/**
 * Loads the pipeline and the judges.
 * @param pictures number of pictures per arm
 * @param secondUnet whether an arm has its own UNet
 */
export async function setUp(
  { model, sampler, rewards, heldOut }: JudgingConfig,
  seed: number,
  pictures: number,
  secondUnet = false,
): Promise<{ pipeline: LoadedPipeline; generator: PictureGenerator; judge: Judge }> {
  const taken = rewards.find(({ name }) => (TAKEN_METRICS as readonly string[]).includes(name))?.name;
  if (taken) throw new InputError(`No reward can be named "${taken}": a metric has that name already. Rename it.`);
  const pipeline = await loadPipeline(model);
  const judges = await loadRewards([...rewards, ...(heldOut ? [{ ...heldOut, name: HELD_OUT, weight: 0 }] : [])]);
  const generator = new PictureGenerator(pipeline, sampler, seed, pictures, undefined, secondUnet);
  return { pipeline, generator, judge: new Judge(judges, generator.batch, generator.size) };
}

/** Returns the first prompts of a split, which are a random sample of it. */
export async function firstPrompts(shards: string, split: 'validation' | 'test', count: number): Promise<Prompt[]> {
  const rows = await readSplit(shards, split, count);
  if (rows.length === 0)
    throw new InputError(
      `There are no ${split} prompts: give more prompts, or raise shard.${split} in the configuration.`,
    );
  return rows.map(({ id, prompt }) => ({ id: String(id), prompt }));
}

/** Checkpoints of a network that tuning kept, by training step; the last is the final one. */
export type Kept = { step: number; path: string }[];

/** Returns the file of a training step; undefined for step 0, the original, and for a step that was not kept. */
export const pathAt = (kept: Kept, step: number | undefined): string | undefined =>
  kept.find((each) => each.step === step)?.path;

/** Lists the encoders that tuning kept. */
export async function tunedEncoders(folder: string): Promise<Kept> {
  const kept = await keptSteps(join(folder, 'encoder'));
  if (kept.length === 0) throw new RunError(`${join(folder, 'encoder')} has no tuned encoders.`);
  return kept;
}

/** Lists the UNets that tuning kept: none if it tuned the encoder alone. */
export const tunedUnets = (folder: string): Promise<Kept> => keptSteps(join(folder, 'unet'));

async function keptSteps(folder: string): Promise<Kept> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^step-\d+$/.test(name)).sort();
  return names.map((name) => ({ step: Number(name.slice('step-'.length)), path: join(folder, name) }));
}
