import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CancelledError } from '../../../common/errors.ts';
import { mean } from '../../../common/statistics.ts';
import { PictureGenerator } from '../../../evaluation/pictures/picture-generator.ts';
import type { Scores } from '../../../evaluation/results.ts';
import { run as styles, type StylesConfig } from '../../../evaluation/stages/style-control.ts';
import type { Styles } from '../../../evaluation/styles/style-results.ts';
import { saveTextEncoder } from '../../../models/folder/network-folder.ts';
import { writeHead, writeSmallClip } from '../../rewards/small-clip.ts';
import { digests } from '../../training/small-tuning.ts';
import { smallPipeline, tuned, writeShards } from '../small-pipeline.ts';

const folder = mkdtempSync(join(tmpdir(), 'textcraftor-styles-'));
const at = (...path: string[]) => join(folder, ...path);
const prompts = ['a small red circle', 'two dogs', 'a large blue square on a white background'];

beforeAll(async () => {
  const { config, weights } = await smallPipeline(at('model'));
  await writeSmallClip(at('clip'));
  await writeHead(at('head.safetensors'), { '': 1 });
  await writeShards(at('shard'), prompts);
  for (const [path, by] of [
    ['tune/encoder/step-000010', 0.2],
    ['tune/encoder/step-000020', 0.5],
    ['other', -0.4],
  ] as const)
    await saveTextEncoder(at(path), config.textEncoder, tuned(weights.textEncoder, by));
  for (const [name, step] of [
    ['sweep', 10],
    ['none', 0],
  ] as const) {
    mkdirSync(at(name));
    writeFileSync(at(name, 'sweep.json'), JSON.stringify({ chosen: { step, blend: 0.5 } }));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const config = (): StylesConfig => ({
  model: at('model'),
  sampler: { steps: 2, guidance: 3, gradientSteps: 1 },
  rewards: [{ name: 'clip', type: 'clip-similarity', model: at('clip'), weight: 100 }],
  heldOut: { type: 'aesthetic', model: at('clip'), head: at('head.safetensors') },
  encoders: [
    { name: 'vivid', encoder: 'tuned', metric: 'quality' },
    { name: '3d', encoder: at('other'), metric: 'clip' },
  ],
  weights: [1, 0, 0.5],
  mixes: [
    { '3d': 0.25, vivid: 0.5 },
    { '3d': 0.5, vivid: 0 },
  ],
  prompts: 3,
  samplesPerPrompt: 1,
  grid: { prompts: 2, steps: 3 },
});

function context(own: StylesConfig, output: string, sweep = 'sweep', signal = new AbortController().signal) {
  for (const path of [at(output), at(`${output}-scratch`)]) mkdirSync(path, { recursive: true });
  const inputs = { shard: at('shard'), 'tune-encoder': at('tune'), sweep: at(sweep) };
  const paths = { inputs, output: at(output), scratch: at(`${output}-scratch`) };
  return { config: own, seed: 3, ...paths, progress: () => {}, signal };
}
const json = <T>(...path: string[]) => JSON.parse(readFileSync(at(...path), 'utf8')) as T;

describe('the stage styles', () => {
  beforeAll(() => styles(context(config(), 'styles')));

  it('scores the base, each encoder at each weight and each mix once, on the same prompts', () => {
    const { scores, prompts: scored } = json<Scores>('styles', 'scores.json');
    const arms = ['3d=0.5', '3d=1', 'base', 'vivid=0.5', 'vivid=0.5,3d=0.25', 'vivid=1'];
    expect(Object.keys(scores).sort()).toEqual(arms);
    expect(scored.map(({ prompt }) => prompt)).toEqual(prompts);
    const clip = arms.map((arm) => scores[arm]!['clip']!.join());
    expect(new Set(clip).size).toBe(arms.length);
  });

  it('follows each metric over the weight, with intervals, and says whether it rises', () => {
    const { scores } = json<Scores>('styles', 'scores.json');
    const { encoders, prompts: count } = json<Styles>('styles', 'styles.json');
    expect(count).toBe(3);
    expect(encoders.map(({ name, metric, own }) => [name, metric, own])).toEqual([
      ['vivid', 'quality', { step: 10, chosen: true }],
      ['3d', 'clip', undefined],
    ]);
    const { curves, alone } = encoders[1]!;
    expect(curves.map(({ metric }) => metric).sort()).toEqual(Object.keys(scores['base']!).sort());
    for (const { metric, points, steps, ends, rises } of curves) {
      const values = ['base', '3d=0.5', '3d=1'].map((arm) =>
        Float64Array.from(scores[arm]![metric]!.filter((value) => value !== null)),
      );
      expect(points.map(({ weight }) => weight)).toEqual([0, 0.5, 1]);
      for (const [i, { n, mean: value, ci95 }] of points.entries()) {
        expect(n).toBe(values[i]!.length);
        expect(value).toBeCloseTo(mean(values[i]!), 12);
        expect(ci95[0]).toBeLessThanOrEqual(value + 1e-12);
        expect(ci95[1]).toBeGreaterThanOrEqual(value - 1e-12);
      }
      expect(ends.mean).toBeCloseTo(mean(values[2]!) - mean(values[0]!), 12);
      expect(rises).toBe(ends.ci95[0] > 0 && steps.every(({ ci95 }) => ci95[1] >= 0));
      const { mean: difference, ci95, n, winRate } = ends;
      const rest = { metric, arm: '3d=1', against: 'base' };
      expect(alone).toContainEqual({ ...rest, mean: difference, ci95, n, winRate });
    }
  });

  it('measures mixes against the base', () => {
    const { scores } = json<Scores>('styles', 'scores.json');
    const { mixes } = json<Styles>('styles', 'styles.json');
    expect(mixes.map(({ name }) => name)).toEqual(['vivid=0.5,3d=0.25', '3d=0.5']);
    const own = mixes[0]!.metrics.find(({ metric }) => metric === 'clip')!;
    const [mixed, base] = ['vivid=0.5,3d=0.25', 'base'].map((arm) => mean(scores[arm]!['clip'] as number[]));
    expect(own.n).toBe(3);
    expect(own.mean).toBeCloseTo(mixed!, 12);
    expect(own.difference.mean).toBeCloseTo(mixed! - base!, 12);
  });

  it('makes a picture of each two weights of two encoders, each mix once', () => {
    const { grids } = json<Styles>('styles', 'styles.json');
    expect(grids).toHaveLength(1);
    const [{ across, down, weights, prompts: shown }] = grids as [Styles['grids'][number]];
    expect([across, down, weights]).toEqual(['vivid', '3d', [0, 0.5, 1]]);
    expect(shown.map(({ prompt }) => prompt)).toEqual(prompts.slice(0, 2));
    expect(shown[1]!.files).toEqual([
      ['images/base/0001.png', 'images/vivid=0.5/0001.png', 'images/vivid=1/0001.png'],
      ['images/3d=0.5/0001.png', 'images/vivid=0.5,3d=0.5/0001.png', 'images/vivid=1,3d=0.5/0001.png'],
      ['images/3d=1/0001.png', 'images/vivid=0.5,3d=1/0001.png', 'images/vivid=1,3d=1/0001.png'],
    ]);
    expect(readdirSync(at('styles', 'images'))).toHaveLength(9);
    const pixels = shown[0]!.files.flat().map((file) => {
      const { width, height, data } = PNG.sync.read(readFileSync(at('styles', file)));
      expect([width, height]).toEqual([32, 32]);
      return data.toString('base64');
    });
    expect(new Set(pixels).size).toBe(9);
  });

  it('continues from where it was stopped, also among the grids, and ends with the same bytes', async () => {
    const made = vi.spyOn(PictureGenerator.prototype, 'lastSteps');
    // Six arms on the test prompts, in one batch, then nine of the grid.
    for (const [after, left] of [
      [4, 6 + 9 - 4],
      [8, 9 - 2],
    ] as const) {
      const [name, stop] = [`cut-${after}`, new AbortController()];
      let told = 0;
      const progress = () => void (++told === after && stop.abort());
      await expect(styles({ ...context(config(), name, 'sweep', stop.signal), progress })).rejects.toThrow(
        CancelledError,
      );
      rmSync(at(name), { recursive: true });
      made.mockClear();
      await styles(context(config(), name));
      expect(made).toHaveBeenCalledTimes(left);
      expect(digests(at(name))).toEqual(digests(at('styles')));
    }
    made.mockRestore();
  });

  it('shows the final encoder where validation chose the original one, and no grid unless one is asked for', async () => {
    const { grid: _, ...rest } = config();
    const { encoders, ...others } = { ...rest, mixes: [], encoders: rest.encoders.slice(0, 1) };
    await styles(context({ ...others, encoders }, 'final', 'none'));
    const result = json<Styles>('final', 'styles.json');
    expect(result.encoders[0]!.own).toEqual({ step: 20, chosen: false });
    expect([result.grids, result.mixes]).toEqual([[], []]);
    expect(existsSync(at('final', 'images'))).toBe(false);
  });
});
