import { describe, expect, it } from 'vitest';
import { stopOf } from '../../api/paper/collect.ts';
import { armPlot } from '../../evaluation/paper/arm-plot.ts';
import { claims } from '../../evaluation/paper/claims.ts';
import { combine } from '../../evaluation/paper/combine-seeds.ts';
import { fullBudget, quickBudget, runName, variants } from '../../evaluation/paper/matrix.ts';
import { resultsPage } from '../../evaluation/paper/paper-page.ts';
import type { CollectedRun, Results } from '../../evaluation/paper/paper-results.ts';
import { Bootstraps } from '../../common/statistics.ts';
import { loadConfig } from '../../pipeline/config/config-file.ts';
import type { Run } from '../../pipeline/runs/run.ts';
import { textcraftor } from '../../pipeline/textcraftor.ts';

const bootstraps = new Bootstraps(1);
const values = (level: number) => Array.from({ length: 40 }, (_, i) => level + Math.sin(i * (level + 2)) / 10);
const ofVariant = (name: string) => variants(quickBudget, 'gallery').find((variant) => variant.name === name)!;
const run = (seed: number, name: string, scores: Record<string, Record<string, number>>): CollectedRun => {
  const variant = ofVariant(name);
  const lists = Object.fromEntries(
    Object.entries(scores).map(([arm, metrics]) => [
      arm,
      Object.fromEntries(Object.entries(metrics).map(([metric, level]) => [metric, values(level)])),
    ]),
  );
  return {
    variant,
    seed,
    samplesPerPrompt: 2,
    prompts: 40,
    rephrased: Array.from({ length: 40 }, (_, i) => i % 2 === 1),
    pictures: [],
    chosen: { [Object.values(variant.arms).at(-1)!]: `step ${seed}` },
    tuning: [{ stage: 'tune-encoder', seconds: 12, rewardEvaluations: 320 }],
    sets: [{ name: 'world', arms: variant.arms, scores: lists }],
  };
};
const metrics = (oracle: number, heldOut: number, diversity = 1) => ({
  clip: heldOut,
  oracle,
  quality: oracle,
  heldOut,
  diversity,
});

describe("the paper's comparison", () => {
  const runs = [1, 2].flatMap((seed) => [
    run(seed, 'encoder', { base: metrics(0.5, 0), chosen: metrics(0.8, 1, 0.95), 'ddpo-encoder': metrics(0.9, 0.2) }),
    run(seed, 'encoder + UNet', { base: metrics(0.5, 0), chosen: metrics(0.8, 0.5) }),
    run(seed, 'lora', { base: metrics(0.5, 0), chosen: metrics(0.5, 0.6) }),
  ]);
  const first = runs[0]!;
  const results: Results = combine(runs);
  const stops = [1, 2].map((seed) => ({
    seed,
    variant: ofVariant('no CLIP constraint'),
    message: seed === 1 ? 'gamed' : undefined,
  }));
  const { rephrased } = first;
  const found = claims({ results, rephrased, steps: 60, trained: ['clip'], bootstraps, stops });
  const verdict = (text: string) => found.find((claim) => claim.text.startsWith(text))?.verdict;

  it('derives each verdict from the intervals', () => {
    expect(verdict('encoder is better than base (clip')).toBe('holds');
    expect(verdict('encoder is better than DDPO, encoder')).toBe('does not hold');
    expect(verdict("encoder keeps more than 90 % of the base's diversity")).toBe('holds');
    expect(verdict('encoder + UNet is better than encoder')).toBe('does not hold');
    expect(verdict('encoder is better than prompt engineering')).toBe('not measured');
    expect(verdict('second UNet, encoder is better than second UNet')).toBe('not measured');
    expect(verdict('without the CLIP constraint')).toBe('undecided'); // one of two was stopped
    expect(verdict('encoder is better than base on rephrased prompts too')).toBe('holds');
  });

  it('averages over the seeds and takes each arm from its variant', () => {
    expect(Object.keys(results)).toEqual(expect.arrayContaining(['base', 'encoder', 'encoder, LoRA', 'DDPO, encoder']));
    expect(results['encoder, LoRA']!['heldOut']![3]).toBeCloseTo(values(0.6)[3]!, 10);
  });

  it('writes its results, and nothing else', () => {
    const page = resultsPage({
      ...{ world: 'gallery', results, claims: found, runs, trained: ['clip'], pictures: [] },
      quick: false,
    });
    const holds = found.filter((claim) => claim.verdict === 'holds').length;
    expect(page).toContain(`Of ${found.length} claims ${holds} hold`);
    expect(page).toContain('2 seeds of tuning, 40 held-out prompts');
    expect(page).toMatch(/\| encoder \| tune-encoder \| 320 \| 12, 12 \|/);
    expect(page).toContain('| encoder, LoRA | step 1 | step 2 |');
    expect(page).toContain('seed 1: gamed; seed 2: it was not stopped');
    const shorter = { ...results, 'second UNet': { heldOut: Float64Array.of(1, 2) } };
    expect(armPlot(shorter, 'heldOut', 'Held-out reward', bootstraps)).not.toContain('second UNet');
    expect(armPlot(results, 'heldOut', 'Held-out reward', bootstraps)).toContain('encoder, LoRA');
  });

  it('takes the arms of other UNets from their own pictures', () => {
    const scores = { base: { oracle: [0, 1, 0] }, chosen: { oracle: [1, 1, 1] } };
    const arms = { base: 'second UNet', chosen: 'second UNet, encoder' };
    const { 'second UNet': base, 'second UNet, encoder': own } = combine([
      { ...first, sets: [{ name: 'second', arms, scores }] },
    ]);
    expect([[...base!['oracle']!], [...own!['oracle']!]]).toEqual([
      [0, 1, 0],
      [1, 1, 1],
    ]);
  });

  it('distinguishes a run that the alarm stopped from a failed one', () => {
    const record = { id: 'r', status: 'failed', stages: [{ error: { name: 'CollapseError', message: 'gamed' } }] };
    expect(stopOf(record as Run, first.variant, 1).message).toBe('gamed');
    expect(
      stopOf({ ...record, status: 'completed', stages: [] } as unknown as Run, first.variant, 1).message,
    ).toBeUndefined();
    expect(() => stopOf({ ...record, stages: [] } as unknown as Run, first.variant, 1)).toThrow(
      /r of the comparison is failed/,
    );
  });

  it.each([fullBudget, quickBudget])('has variants with valid settings', async (budget) => {
    const all = variants(budget, 'gallery');
    for (const variant of all) {
      const settings = [...variant.settings, `name=${runName(variant, 1)}`];
      await expect(
        loadConfig(textcraftor, { file: 'configs/paper.yaml', settings, folder: '.' }),
      ).resolves.toBeDefined();
    }
    expect(new Set(all.map((variant) => runName(variant, 1))).size).toBe(all.length);
  });
});
