import { describe, expect, it } from 'vitest';
import { claims, verdictOf, type Results } from '../../cli/paper/claims.ts';
import { combine, type CollectedRun } from '../../cli/paper/collect.ts';
import { fullBudget, quickBudget, variants } from '../../cli/paper/matrix.ts';
import { resultsPage } from '../../cli/paper/page.ts';
import { armPlot } from '../../cli/paper/plot.ts';
import { Bootstraps } from '../../common/statistics.ts';
import { loadConfig } from '../../pipeline/config-file.ts';
import { textcraftor } from '../../pipeline/textcraftor.ts';

const bootstraps = new Bootstraps(1);
const values = (level: number) => Array.from({ length: 40 }, (_, i) => level + Math.sin(i * (level + 2)) / 10);
const run = (seed: number, variant: string, scores: Record<string, Record<string, number>>): CollectedRun => ({
  variant: variants(quickBudget).find(({ name }) => name === variant)!,
  seed,
  tuning: [{ stage: 'tune-encoder', seconds: 12, rewardEvaluations: 320 }],
  benchmark: {
    ...{ name: 'world', samplesPerPrompt: 2, comparisons: [], categories: [] },
    prompts: values(0).map((_, i) => ({ id: `${i}`, prompt: 'a red circle', groups: {} })),
    scores: Object.fromEntries(Object.entries(scores).map(([arm, metrics]) => [arm, Object.fromEntries(Object.entries(metrics).map(([metric, level]) => [metric, values(level)]))])), // prettier-ignore
  },
});
const metrics = (oracle: number, heldOut: number, diversity = 1) => ({ clip: heldOut, oracle, heldOut, diversity });

describe("the paper's comparison", () => {
  const runs = [1, 2].flatMap((seed) => [
    run(seed, 'main', { base: metrics(0.5, 0), tuned: metrics(0.8, 1, 0.95), 'encoder+unet': metrics(0.8, 0.5), 'ddpo-encoder': metrics(0.9, 0.2) }), // prettier-ignore
    run(seed, 'lora', { base: metrics(0.5, 0), tuned: metrics(0.5, 0.6) }),
  ]);
  const results: Results = combine(runs);
  const found = claims(results, ['clip'], bootstraps);
  const verdict = (text: string) => found.find((claim) => claim.text.startsWith(text))?.verdict;

  it('reads each verdict off the intervals', () => {
    expect(verdict('encoder is better than base (clip')).toBe('holds');
    expect(verdict('encoder is better than DDPO, encoder')).toBe('does not hold');
    expect(verdict("encoder keeps at least 90 % of the base's diversity")).toBe('holds');
    expect(verdict('encoder + UNet is better than encoder')).toBe('does not hold');
    expect(verdict('encoder is better than prompt engineering')).toBe('not measured');
    expect([verdictOf([[0.1, 0.2], [-0.1, 0.2]]), verdictOf([[-0.2, -0.1]])]).toEqual(['undecided', 'does not hold']); // prettier-ignore
  });

  it('averages over the seeds and takes each arm from its variant', () => {
    expect(Object.keys(results)).toEqual(expect.arrayContaining(['base', 'encoder', 'encoder, LoRA', 'DDPO, encoder']));
    expect(results['encoder, LoRA']!['heldOut']![3]).toBeCloseTo(values(0.6)[3]!, 10);
  });

  it('writes what it found, and nothing else', () => {
    const page = resultsPage({ results, claims: found, runs, trained: ['clip'], quick: false });
    const holds = found.filter((claim) => claim.verdict === 'holds').length;
    expect(page).toContain(`Of ${found.length} claims ${holds} hold`);
    expect(page).toContain('2 seeds of tuning, 40 held-out prompts');
    expect(page).toMatch(/\| main \| tune-encoder \| 320 \| 12, 12 \|/);
    expect(armPlot(results, 'heldOut', 'Held-out reward', bootstraps)).toContain('encoder, LoRA');
  });

  it.each([fullBudget, quickBudget])('has variants whose settings the configuration takes', async (budget) => {
    for (const { settings } of variants(budget))
      await expect(loadConfig(textcraftor, { file: 'configs/paper.yaml', settings, folder: '.' })).resolves.toBeDefined(); // prettier-ignore
  });
});
