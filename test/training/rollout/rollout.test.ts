import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readRollout, Rollout } from '../../../training/rollout/rollout-samples.ts';
import { run, type RolloutSettings } from '../../../training/stages/rollout.ts';
import { smallPipeline, writeShards } from '../../evaluation/small-pipeline.ts';

const folder = mkdtempSync(join(tmpdir(), 'textcraftor-rollout-'));
beforeAll(async () => {
  await smallPipeline(join(folder, 'model'));
  await writeShards(join(folder, 'shard'), ['a small red circle', 'two dogs', 'a large blue square']);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function rollout(
  name: string,
  settings: Pick<RolloutSettings, 'runtime' | 'threads'>,
  guidance = 3,
): Promise<Rollout> {
  const [output, scratch] = [join(folder, name), join(folder, `${name}-scratch`)] as const;
  for (const path of [output, scratch]) mkdirSync(path);
  const sampler = { steps: 4, guidance, gradientSteps: 2 };
  const config = { model: join(folder, 'model'), sampler, prompts: 3, samplesPerPrompt: 1, batch: 2, ...settings };
  const signal = new AbortController().signal;
  await run({ config, seed: 3, inputs: { shard: join(folder, 'shard') }, output, scratch, progress: () => {}, signal });
  return readRollout(output);
}

it('returns the prompts and latents of a batch in its order, repeated rows included', () => {
  const samples = ['a', 'b', 'c'].map((prompt) => ({ id: prompt, prompt, sample: 0 }));
  const starts = new Rollout({ shape: [2], samples, latents: Float32Array.of(1, 2, 3, 4, 5, 6) });
  expect(starts.batch([2, 0, 2])).toEqual({ prompts: ['c', 'a', 'c'], latents: Float32Array.of(5, 6, 1, 2, 5, 6) });
});

it('gives the same latents in ONNX Runtime as in TensorFlow', async () => {
  for (const guidance of [3, 1]) {
    const expected = await rollout(`tensorflow-${guidance}`, { runtime: 'tensorflow' }, guidance);
    const actual = await rollout(`onnx-${guidance}`, { runtime: 'onnx', threads: 1 }, guidance);
    expect({ ...actual, latents: [] }).toEqual({ ...expected, latents: [] });
    const largest = expected.latents.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const worst = expected.latents.reduce((most, x, i) => Math.max(most, Math.abs(x - actual.latents[i]!)), 0);
    expect(worst / largest).toBeLessThan(1e-5);
  }
});

it('gives the same bytes in ONNX Runtime every time', async () => {
  const [first, second] = [
    await rollout('first', { runtime: 'onnx', threads: 2 }),
    await rollout('second', { runtime: 'onnx', threads: 2 }),
  ];
  expect(first.latents).toEqual(second.latents);
});
