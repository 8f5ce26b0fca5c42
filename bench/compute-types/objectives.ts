/** Objectives for measuring 16-bit types: networks with random weights, and the shapes world's trained ones. */
import { join } from 'node:path';
import { RandomStream } from '../../common/random.ts';
import { knownWorld } from '../../world/known/known-worlds.ts';
import { writeSafetensors, type TensorData } from '../../engine/weights/safetensors.ts';
import { loadPipeline } from '../../models/folder/pipeline-folder.ts';
import type { SamplerSettings } from '../../models/sampling/sampler-settings.ts';
import { loadRewards } from '../../rewards/reward-types.ts';
import type { RewardSpec } from '../../rewards/reward.ts';
import type { Objective } from './measure.ts';

const root = join(import.meta.dirname, '../..');
const golden = (name: string) => join(root, 'test/golden/step', name);
const world = (name: string) => join(root, 'world', 'shapes', name);

/** @param scratch folder for a head with random weights */
export async function randomObjectives(scratch: string, batches: number): Promise<Objective[]> {
  const clip = golden('clip');
  const deep = join(scratch, 'deep-head.safetensors');
  await writeRandomHead(deep, { 'layers.0': 16, 'layers.3': 12, 'layers.6': 8, 'layers.9': 8, 'layers.11': 1 }, 10);
  const heads = [
    { name: 'linear', type: 'aesthetic', model: clip, head: golden('head.safetensors'), weight: 1 },
    { name: 'deep', type: 'aesthetic', model: clip, head: deep, weight: 1 },
  ];
  return objectives('random', golden('model'), { steps: 4, guidance: 7.5, gradientSteps: 2 }, [6, 6], {
    prompts: (batch) => [RANDOM[batch % RANDOM.length]!, RANDOM[(3 * batch + 1) % RANDOM.length]!],
    batches,
    similarity: { clip, pickscore: clip, hpsv2: clip },
    heads,
  });
}

export function worldObjectives(batches: number): Promise<Objective[]> {
  const all = knownWorld('shapes').prompts();
  const model = world('aesthetic');
  return objectives('shapes world', world('base'), { steps: 8, guidance: 3, gradientSteps: 7 }, [8, 8], {
    prompts: (batch) =>
      Array.from({ length: 4 }, (_, i) => all[new RandomStream(2, 'prompt', batch, i).integer(all.length)]!.prompt),
    batches,
    similarity: { clip: world('clip'), pickscore: world('preference'), hpsv2: world('preference') },
    heads: [{ name: 'aesthetic', type: 'aesthetic', model, head: join(model, 'head.safetensors'), weight: 1 }],
  });
}

const RANDOM = [
  'a red cat',
  'two Blue squares, on the left of a cat and of many more words',
  'blue',
  'a photo of a small red circle',
  'two blue dogs',
];

interface Parts {
  prompts: (batch: number) => string[];
  batches: number;
  /** The CLIP model of each similarity reward. */
  similarity: Record<'clip' | 'pickscore' | 'hpsv2', string>;
  heads: readonly RewardSpec[];
}

async function objectives(
  model: string,
  folder: string,
  sampler: SamplerSettings,
  latentSize: readonly [number, number],
  { prompts, batches, similarity, heads }: Parts,
): Promise<Objective[]> {
  const clip = { name: 'clip', type: 'clip-similarity', model: similarity.clip, weight: 100 };
  const pickscore = { name: 'pickscore', type: 'pickscore', model: similarity.pickscore, weight: 1 };
  const hpsv2 = { name: 'hpsv2', type: 'hpsv2', model: similarity.hpsv2, weight: 1 };
  const sets: Record<string, RewardSpec[]> = {
    'CLIP, heads': [clip, ...heads],
    PickScore: [pickscore],
    HPSv2: [hpsv2],
    heads: [...heads],
    'PickScore, HPSv2, heads': [pickscore, hpsv2, ...heads],
  };
  const pipeline = await loadPipeline(folder);
  const shared = { pipeline, sampler, latentSize, batches: Array.from({ length: batches }, (_, i) => prompts(i)) };
  return Promise.all(
    Object.entries(sets).map(async ([set, specs]) => ({
      ...shared,
      name: `${model}: ${set}`,
      rewards: await loadRewards(specs),
    })),
  );
}

/** @param layers width after each layer, by its name */
async function writeRandomHead(path: string, layers: Record<string, number>, inputs: number): Promise<void> {
  const tensors: Record<string, TensorData> = {};
  for (const [name, outputs] of Object.entries(layers)) {
    const draws = (what: string, count: number) => new RandomStream(3, `${name}.${what}`).normal(count);
    const data = draws('weight', outputs * inputs).map((x) => x / Math.sqrt(inputs));
    tensors[`${name}.weight`] = { dtype: 'F32', shape: [outputs, inputs], data };
    tensors[`${name}.bias`] = { dtype: 'F32', shape: [outputs], data: draws('bias', outputs).map((x) => x / 10) };
    inputs = outputs;
  }
  await writeSafetensors(path, tensors);
}
