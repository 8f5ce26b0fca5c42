import { mkdir } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { armsCompared, whyUnpaired, type RunResults } from '../../../api/watch/compare-results.ts';
import type { RunsCompared } from '../../../api/watch/compare-runs.ts';
import { formatComparison } from '../../../cli/run/format-comparison.ts';
import { Home } from '../../../pipeline/runs/home.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';
import { recordRun } from '../../studio/finished-run.ts';
import { textcraftor } from '../command.ts';

let home: Home;
beforeEach(async () => {
  home = new Home(await temporaryFolder());
  await mkdir(home.folder, { recursive: true });
});

describe('textcraftor compare', () => {
  it('shows what differs, each arm with its interval, and which run is better', async () => {
    const ids = [await recordRun(home, 80), await recordRun(home, 160)];
    const { stdout, code } = await textcraftor(home.folder, 'compare', ids[0]!, 'latest');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^B +${ids[1]} +completed +1 min 3 s of work +\\d+ test prompts$`, 'm'));
    expect(stdout).toMatch(/^tuneEncoder\.steps +80 +160$/m);
    expect(stdout).toMatch(/^evaluate +13 s +13 s$/m);
    expect(stdout).toMatch(/^arm chosen /m);
    expect(stdout).toMatch(/^B against A, arm chosen, on \d+ common test prompts: undecided on .*Oracle/m);
    const json = await textcraftor(home.folder, 'compare', ids[0]!, ids[1]!, '--arm', 'chosen', '--json');
    expect((JSON.parse(json.stdout) as RunsCompared).arms.map(({ arm }) => arm)).toEqual(['chosen']);
    const wrong = await textcraftor(home.folder, 'compare', ids[0]!, ids[1]!, '--arm', 'choosen');
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('their arms are chosen, ') as string });
  });
});

const results = (oracle: number[], seed = 1): RunResults => ({
  configuration: { seed },
  comparisons: [],
  scores: {
    prompts: oracle.map((_, i) => ({ id: `${i}`, prompt: `prompt ${i}` })),
    samplesPerPrompt: 1,
    scores: { chosen: { oracle, diversity: oracle } },
  },
});
const compared = (all: RunResults[], unpaired: (string | null)[]): RunsCompared => ({
  runs: all.map((_, i) => ({
    run: `tiny-${i}`,
    status: 'completed',
    createdAt: '',
    gamed: false,
    seconds: 1,
    prompts: 4,
  })),
  settings: [],
  metrics: [],
  durations: [],
  arms: armsCompared(all),
  unpaired,
});

describe('which run is better', () => {
  it('is said of metrics of which more is better, where the interval excludes zero', () => {
    const text = formatComparison(compared([results([0, 0, 0, 0]), results([1, 1, 0.9, 1])], [null, null]));
    expect(text).toMatch(/^B against A, arm chosen, on 4 common test prompts: better on Oracle\.$/m);
    expect(text).toMatch(/^Diversity +A .*\n +B .*\)$/m);
    const worse = formatComparison(compared([results([1, 1, 1, 1]), results([0, 0, 0, 1])], [null, null]));
    expect(worse).toContain('B against A, arm chosen, on 4 common test prompts: worse on Oracle.');
  });

  it('is said of the test prompts that both have', () => {
    const [all, few] = [results([1, 1, 1, 1, 0, 0]), results([0, 0, 0, 0])];
    expect(whyUnpaired(all, few)).toBeUndefined();
    const text = formatComparison(compared([few, all], [null, null]));
    expect(text).toContain('B against A, arm chosen, on 4 common test prompts: better on Oracle.');
    const others = { ...few, scores: { ...few.scores!, prompts: [{ id: 'other', prompt: 'other' }] } };
    expect(whyUnpaired(all, others)).toBe('they have no test prompt in common');
    expect(whyUnpaired(all, results([1], 2))).toContain('their seeds are 1 and 2');
  });

  it('is not said of runs whose pictures do not belong together', () => {
    const why = 'their seeds are 1 and 2, so their pictures start from other noise';
    const text = formatComparison(compared([results([0, 0, 0, 0]), results([1, 1, 1, 1], 2)], [null, why]));
    expect(text).toContain(`B against A: not compared prompt by prompt: ${why}.`);
    expect(text).toContain('Their configurations are the same.');
    expect(text).not.toContain('better');
  });
});
