import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { PromptEngineering, Sweep } from '../../evaluation/results.ts';
import { run as engineerPrompts } from '../../evaluation/stages/prompt-engineering.ts';
import { run as sweep } from '../../evaluation/stages/sweep.ts';
import { saveTextEncoder } from '../../models/folder/network-folder.ts';
import { knownWorld } from '../../world/known/known-worlds.ts';
import { WORLD_NAMES } from '../../world/scenes/common/world-names.ts';
import { writeSmallClip } from '../rewards/small-clip.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';
import { smallPipeline, tuned, writeShards } from './small-pipeline.ts';

/** A small random model with pictures of a world's size, its prompts, and what the stages share. */
async function make(side: number, prompts: readonly string[]) {
  const folder = await temporaryFolder();
  const at = (...path: string[]) => join(folder, ...path);
  const { config, weights } = await smallPipeline(at('model'), side);
  await writeSmallClip(at('clip'));
  await writeShards(at('shard'), prompts);
  await saveTextEncoder(at('tune', 'encoder', 'step-000001'), config.textEncoder, tuned(weights.textEncoder, 0.5));
  const judging = {
    model: at('model'),
    sampler: { steps: 1, guidance: 1, gradientSteps: 1 },
    rewards: [{ name: 'clip', type: 'clip-similarity', model: at('clip'), weight: 1 }],
  };
  const context = <C>(config: C, output: string) => {
    for (const path of [at(output), at(`${output}-scratch`)]) mkdirSync(path, { recursive: true });
    const inputs = { shard: at('shard'), 'tune-encoder': at('tune') };
    const { signal } = new AbortController();
    return {
      config,
      seed: 3,
      inputs,
      output: at(output),
      scratch: at(`${output}-scratch`),
      progress: () => {},
      signal,
    };
  };
  const json = <T>(...path: string[]) => JSON.parse(readFileSync(at(...path), 'utf8')) as T;
  return { judging, context, json };
}

it.each(WORLD_NAMES)(
  'an encoder is chosen by the exact judge of the world that the pictures are of: %s',
  async (name) => {
    const world = knownWorld(name);
    const prompts = world.prompts().slice(0, 2);
    const { judging, context, json } = await make(world.side, [...prompts.map(({ prompt }) => prompt), 'two dogs']);
    const config = {
      ...judging,
      blends: [1],
      prompts: 3,
      samplesPerPrompt: 1,
      chooseBy: 'auto' as const,
      finalists: 1,
    };
    await sweep(context(config, 'sweep'));
    const { chooseBy, candidates } = json<Sweep>('sweep', 'sweep.json');
    expect(chooseBy).toBe('oracle');
    // Prompts of one object have neither a relation nor a count.
    const asked = world.metrics.filter((metric) => !['oracle.relation', 'oracle.count'].includes(metric));
    expect(Object.keys(candidates[0]!.metrics).sort()).toEqual(['clip', ...asked].sort());
  },
);

it.each(WORLD_NAMES)('phrases are those of the captions of a world, and judged by it: %s', async (name) => {
  // Short, so that a phrase after them is within the small model's context.
  const { judging, context, json } = await make(knownWorld(name).side, ['a cross', 'a disc', 'a plus']);
  const pictures = { prompts: 3, samplesPerPrompt: 1, testPrompts: 1 };
  const phrases = { corpus: name, corpusPrompts: 60, least: 0.01, phrases: 40, longest: 1 };
  await engineerPrompts(context({ ...judging, ...pictures, ...phrases }, 'phrases'));
  const found = json<PromptEngineering>('phrases', 'prompt-engineering.json');
  expect(found.phrases.map(({ phrase }) => phrase)).toEqual(expect.arrayContaining(['blurry', 'vivid']));
  expect(found.trials.length).toBeGreaterThan(0);
  // A random model follows no prompt, so by the oracle no phrase is better than none.
  expect(found.chosen).toEqual([]);
});
