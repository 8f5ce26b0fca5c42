import { cpSync, readFileSync, rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { callBody } from '../../activities/execution/call-body.ts';
import { computeType, setComputeType } from '../../engine/compute-type.ts';
import { readSafetensors } from '../../engine/weights/safetensors.ts';
import { gradientStep } from '../../training/gradient-step.ts';
import { LossScale } from '../../training/optimizer/loss-scale.ts';
import { run as tuneEncoder, type TuneEncoderSettings } from '../../training/stages/tune-encoder.ts';
import { goldenPath, readGoldenStep } from '../models/golden.ts';
import { digests, smallTuning } from './small-tuning.ts';

describe.each([
  ['bfloat16', 5e-3, 0.99],
  ['float16', 1e-3, 0.9995],
] as const)('the golden step in %s', (type, distance, along) => {
  it("has torch's rewards, and gradients in the direction of torch's", async () => {
    const { pipeline, rewards, start } = await readGoldenStep();
    const found = gradientStep(pipeline, rewards, { ...start, train: ['text_encoder', 'unet'], type });

    const encoder = await readSafetensors(goldenPath('step/golden.safetensors'));
    for (const [name, scores] of Object.entries(found.scores))
      scores.forEach((score, i) =>
        expect(Math.abs(score - encoder.float32(`reward.${name}`)[i]!)).toBeLessThan(distance),
      );
    // The last product of a score is in float32: more digits than the type has.
    for (const score of found.scores['aesthetic']!) expect(score * 2 ** 10).not.toBe(Math.round(score * 2 ** 10));
    expect(found.loss).not.toBe(encoder.float32('loss')[0]);
    const unet = await readSafetensors(goldenPath('step/golden-unet.safetensors'));
    for (const [network, expected] of [
      ['text_encoder', encoder],
      ['unet', unet],
    ] as const) {
      const sums = { dot: 0, ours: 0, theirs: 0 };
      for (const [name, { data }] of found.gradients[network]!) {
        const theirs = expected.float32(
          expected.has(`grad.${name}`) ? `grad.${name}` : `grad.${name.replace('text_model.', '')}`,
        );
        data.forEach((value, i) => {
          sums.dot += value * theirs[i]!;
          sums.ours += value * value;
          sums.theirs += theirs[i]! ** 2;
        });
      }
      expect(sums.dot / Math.sqrt(sums.ours * sums.theirs)).toBeGreaterThan(along);
      expect(Math.abs(Math.sqrt(sums.ours / sums.theirs) - 1)).toBeLessThan(0.06);
    }
  });
});

it('a loss scale is halved by each skipped step, and doubled after 2000 that are not', () => {
  const scale = new LossScale();
  scale.update(false);
  for (let i = 0; i < 2000; i++) {
    expect(scale.value).toBe(32768);
    scale.update(true);
  }
  expect(scale).toMatchObject({ value: 65536, skipped: 1 });
  for (let i = 0; i < 1999; i++) scale.update(true);
  const again = new LossScale();
  again.restore(scale.snapshot());
  for (const each of [scale, again]) each.update(true);
  expect(again).toEqual(scale);
  expect(again.value).toBe(131072);
});

describe('tuning in float16', () => {
  const { at, context, settings, makeInputs, remove } = smallTuning();
  beforeAll(makeInputs);
  afterAll(remove);
  afterEach(() => setComputeType('float32'));
  const order = (config: TuneEncoderSettings, name: string) => {
    const module = new URL('../../training/stages/tune-encoder.ts', import.meta.url).pathname;
    const { progress, signal, controller: _, messages: __, ...rest } = context(config, name);
    const lease = { file: '', attempt: '' };
    return callBody({ ...rest, module, call: { name: 'run' }, dtype: 'float16', lease }, { signal, progress });
  };
  const linesOf = (name: string) =>
    readFileSync(at(name, 'metrics.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, number>);
  const weighted = (factor: number) =>
    settings.rewards.map((reward) => ({ ...reward, weight: factor * reward.weight }));
  // Large weights, so that the first scales are too large.
  const config = {
    ...settings,
    rewards: weighted(8),
    steps: 8,
    checkpointEvery: 6,
    keepEvery: 8,
    joint: { learningRate: 1e-3 },
  };

  it('skips steps whose gradients are not finite, counts them, and continues from a checkpoint with the same bytes', async () => {
    await order(config, 'half');
    expect(computeType()).toBe('float16');
    const lines = linesOf('half');
    const skipped = lines.map((line) => line['skipped']!);
    expect(skipped[0]).toBe(1);
    expect(skipped.at(-1)).toBeLessThan(8);
    lines.forEach((line, i) => {
      const skips = skipped[i]! > (skipped[i - 1] ?? 0);
      expect(line['lossScale']).toBe(65536 / 2 ** skipped[i]!);
      for (const network of ['', '.unet']) {
        expect(line[`gradientNorm${network}`] === 0).toBe(skips);
        expect(line[`deltaNorm${network}`] === (lines[i - 1]?.[`deltaNorm${network}`] ?? 0)).toBe(skips);
      }
    });
    cpSync(at('half-scratch'), at('killed-scratch'), { recursive: true });
    rmSync(at('killed-scratch', 'checkpoints', 'checkpoint-000008'), { recursive: true });
    await order(config, 'killed');
    expect(digests(at('killed'))).toEqual(digests(at('half')));
  });

  it('takes nearly the same steps as float32', async () => {
    const few = { ...settings, rewards: weighted(0.1), steps: 3, keepEvery: 3 };
    await order(few, 'close');
    setComputeType('float32');
    await tuneEncoder(context(few, 'exact'));
    const [close, exact] = [linesOf('close'), linesOf('exact')];
    expect(close.at(-1)!['skipped']).toBe(0);
    const ratio = (i: number, name: string) => close[i]![name]! / exact[i]![name]!;
    expect(Math.abs(ratio(0, 'gradientNorm') - 1)).toBeLessThan(0.02);
    exact.forEach((line, i) => {
      expect(Math.abs(close[i]!['loss']! - line['loss']!)).toBeLessThan(0.01);
      // Adam's first steps are of the same size for all parameters, but for those whose gradient is too small for float16.
      for (const name of ['gradientNorm', 'deltaNorm']) expect(Math.abs(ratio(i, name) - 1)).toBeLessThan(0.1);
    });
    expect(exact[0]).not.toHaveProperty('lossScale');
  });
});
