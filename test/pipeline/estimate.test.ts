import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { checkout, loadConfig } from '../../pipeline/config/config-file.ts';
import { estimateStage } from '../../pipeline/estimate.ts';
import type { StageWork } from '../../pipeline/stage.ts';
import { requirePlannedCode } from '../../pipeline/runs/planned.ts';
import type { StageResult } from '../../pipeline/store/stage-results.ts';
import { textcraftor } from '../../pipeline/textcraftor.ts';

const result = (work: StageWork | undefined, seconds: number, more: Partial<StageResult> = {}): StageResult =>
  ({ parts: {}, run: 'run-1', seconds, host: hostname(), ...(work ? { work } : {}), ...more }) as StageResult;
const here = { engine: 'null', onCpu: true };
const steps = (count: number, cost = 1000): StageWork => ({ unit: 'steps', count, cost });

describe('the time of a stage', () => {
  it('grows with its steps and with the size of the model', () => {
    const measured = [result(steps(160), 80)];
    expect(estimateStage(steps(160), measured, here)).toMatchObject({ seconds: 80, basis: 'measured' });
    expect(estimateStage(steps(10_000), measured, here)).toEqual({
      seconds: 5000,
      basis: 'measured',
      from: 'measured: 160 steps on this machine, run run-1',
    });
    expect(estimateStage(steps(160, 400_000), measured, here)).toMatchObject({ seconds: 32_000, basis: 'scaled' });
  });

  it('is estimated from this machine before others, and from much work before little', () => {
    const results = [
      result(steps(2), 1, { run: 'short' }),
      result(steps(100), 50, { run: 'long' }),
      result(steps(1000), 1, { run: 'elsewhere', host: 'other' }),
    ];
    expect(estimateStage(steps(200), results, here)).toMatchObject({
      seconds: 100,
      from: expect.stringContaining('long') as string,
    });
  });

  it('counts the start-up once, as it was recorded or as results of two sizes show', () => {
    const recorded = [result(steps(10), 25, { startUps: { seconds: 20, times: 2 } })];
    expect(estimateStage(steps(10_000), recorded, here)).toMatchObject({ seconds: 10 + 5000 });
    const two = [result(steps(10), 25), result(steps(110), 75)];
    expect(estimateStage(steps(10_000), two, here)).toMatchObject({ seconds: 20 + 5000 });
    // A smaller job that took longer shows nothing, nor does one on another machine.
    for (const other of [result(steps(10), 90), result(steps(100), 74), result(steps(10), 25, { host: 'other' })])
      expect(estimateStage(steps(220), [result(steps(110), 75), other], here)).toMatchObject({ seconds: 150 });
  });

  it('counts what is done once before the first unit', () => {
    const measured = [result({ ...steps(100), before: 20_000 }, 80, { startUps: { seconds: 30, times: 1 } })];
    const planned = (before: number) => estimateStage({ ...steps(100), before }, measured, here)!.seconds;
    expect([planned(20_000), planned(120_000)]).toEqual([80, 130]);
  });

  it('is a rough estimate from the model size if nothing was measured, and unknown if that does not help', () => {
    expect(estimateStage(steps(10, 1e12), [], here)).toMatchObject({ basis: 'rough' });
    expect(estimateStage(steps(10, 1e12), [], { ...here, onCpu: false })).toBeUndefined();
    expect(estimateStage({ unit: 'bytes of prompts', count: 10, cost: 1 }, [], here)).toBeUndefined();
    // A result in another unit, or without a count, is of no use.
    expect(
      estimateStage(steps(10, 1), [result(undefined, 5), result({ ...steps(1), unit: 'pictures' }, 5)], here),
    ).toBeUndefined();
  });

  it('of the stages grows with the configured work', async () => {
    const workOf = async (stage: string, ...settings: string[]) => {
      const config = await loadConfig(textcraftor, { file: 'configs/shapes.yaml', settings, folder: checkout });
      const { count, cost } = textcraftor.stages.find(({ name }) => name === stage)!.work!(config, {
        evaluationCost: 10,
      })!;
      return count * cost;
    };
    for (const [stage, setting] of [
      ['rollout', 'rollout.prompts=2048'],
      ['tune-encoder', 'tuneEncoder.steps=320'],
      ['tune-encoder', 'tuneEncoder.batch=32'],
      ['sweep', 'sweep.samplesPerPrompt=4'],
      ['evaluate', 'evaluate.prompts=528'],
    ] as const)
      expect(await workOf(stage, 'alarm=null', setting), setting).toBe(2 * (await workOf(stage, 'alarm=null')));
    const twice = 'styles={encoders: [{name: a, encoder: tuned, metric: clip}], prompts: 20, weights: [0, 1]}';
    const once = twice.replace('20', '10');
    expect(await workOf('styles', twice)).toBe(2 * (await workOf('styles', once)));
    const [often, many] = ['alarm.every=1', 'alarm.prompts=5000'] as const;
    for (const setting of [often, many])
      expect(await workOf('tune-encoder', setting), setting).toBeGreaterThan(1.5 * (await workOf('tune-encoder')));
    expect(await workOf('tune-encoder', 'alarm=null')).toBeLessThan(await workOf('tune-encoder'));
  });
});

it('counts the pictures of styles: the base and every weight and mix on all prompts, and each cell of the grids once', async () => {
  const settings = [
    'styles={encoders: [{name: a, encoder: tuned, metric: clip}, {name: b, encoder: x, metric: clip}, {name: c, encoder: y, metric: clip}], prompts: 10, samplesPerPrompt: 2, mixes: [{a: 1, b: 1}], grid: {prompts: 2, steps: 3}}',
  ];
  const config = await loadConfig(textcraftor, { file: 'configs/tiny.yaml', settings, folder: checkout });
  const { unit, count, cost } = textcraftor.stages.find(({ name }) => name === 'styles')!.work!(config, {
    evaluationCost: 1,
  })!;
  // Three encoders at four weights, a mix, and the base; the base, three times two cells of one encoder, and four of each pair.
  expect([unit, count]).toEqual(['pictures', 20 * (1 + 3 * 4 + 1) + 2 * (1 + 3 * 2 + 3 * 4)]);
  // Two branches of guidance; the base takes 8 steps, any other picture 7.
  expect(count * cost).toBeCloseTo(2 * (22 * 8 + (count - 22) * 7), 6);
});

it('a worker with other code must be restarted before it does anything', () => {
  expect(() => requirePlannedCode('rollout', { code: 'a' }, 'a')).not.toThrow();
  expect(() => requirePlannedCode('rollout', undefined, 'a')).not.toThrow();
  expect(() => requirePlannedCode('rollout', { code: 'a' }, 'b')).toThrow(
    'The worker runs different code than this run was planned with (stage "rollout"): restart it (textcraftor worker).',
  );
});
