import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CancelledError } from '../../common/errors.ts';
import { mean } from '../../common/statistics.ts';
import { saveTextEncoder } from '../../models/folder/network-folder.ts';
import type {
  ControlCurve,
  Picture,
  BenchmarkResult,
  Scores,
  Sweep,
  NamedComparison,
} from '../../evaluation/results.ts';
import { PictureGenerator } from '../../evaluation/pictures/picture-generator.ts';
import { run as evaluate } from '../../evaluation/stages/evaluate.ts';
import type { Registration } from '../../evaluation/registration.ts';
import { run as register } from '../../evaluation/stages/register.ts';
import { run as sweep } from '../../evaluation/stages/sweep.ts';
import { digests } from '../training/small-tuning.ts';
import { writeHead, writeSmallClip } from '../rewards/small-clip.ts';
import { smallPipeline, tuned, writeShards } from './small-pipeline.ts';

const folder = mkdtempSync(join(tmpdir(), 'textcraftor-stages-'));
const at = (...path: string[]) => join(folder, ...path);
const blends = [0.25, 0.5, 0.75, 1.25];
const prompts = ['a small red circle', 'two dogs', 'a large blue square on a white background'];
const judging = {
  model: at('model'),
  sampler: { steps: 2, guidance: 3, gradientSteps: 1 },
  rewards: [{ name: 'clip', type: 'clip-similarity', model: at('clip'), weight: 100 }],
  heldOut: { type: 'aesthetic', model: at('clip'), head: at('head.safetensors') },
};

beforeAll(async () => {
  const { config, weights } = await smallPipeline(at('model'));
  await writeSmallClip(at('clip'));
  await writeHead(at('head.safetensors'), { '': 1 });
  await writeShards(at('shard'), prompts);
  // The first checkpoint is the original encoder itself, so its differences must vanish.
  for (const [step, by] of [
    ['step-000010', 0],
    ['step-000020', 0.5],
  ] as const) {
    await saveTextEncoder(at('tune', 'encoder', step), config.textEncoder, tuned(weights.textEncoder, by));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const registering = { sampler: judging.sampler };

function context<C>(config: C, output: string, signal = new AbortController().signal) {
  for (const path of [at(output), at(`${output}-scratch`)]) mkdirSync(path, { recursive: true });
  const inputs = { shard: at('shard'), 'tune-encoder': at('tune'), sweep: at('sweep') };
  return { config, seed: 3, inputs, output: at(output), scratch: at(`${output}-scratch`), progress: () => {}, signal };
}
const json = <T>(...path: string[]) => JSON.parse(readFileSync(at(...path), 'utf8')) as T;

describe('the sweep and the evaluation', () => {
  const sweepConfig = {
    ...judging,
    blends: [0, 0.5, 1],
    prompts: 2,
    samplesPerPrompt: 1,
    chooseBy: 'rewards' as const,
    finalists: 1,
  };

  const evaluateConfig = () => ({
    ...judging,
    prompts: 3,
    samplesPerPrompt: 2,
    images: 2,
    blends,
    benchmarks: [{ name: 'list', source: at('list.csv'), categoryColumns: ['kind'] }],
    arms: [
      { name: 'late', mix: [{ encoder: at('tune', 'encoder', 'step-000020'), weight: 1 }], lastSteps: 1 },
      {
        name: 'mixed',
        mix: ['step-000010', 'step-000020'].map((step) => ({ encoder: at('tune', 'encoder', step), weight: 0.5 })),
      },
    ],
  });

  it('score each checkpoint at each blend and choose one', async () => {
    await sweep(context(sweepConfig, 'sweep'));
    const { candidates, chosen } = json<Sweep>('sweep', 'sweep.json');
    expect(candidates.map(({ step, blend }) => [step, blend])).toEqual([
      [0, 0],
      [10, 0.5],
      [10, 1],
      [20, 0.5],
      [20, 1],
    ]);
    const [base, same, , moved] = candidates;
    const attributes = ['color', 'shape', 'size'].map((name) => `oracle.${name}`);
    expect(Object.keys(base!.metrics).sort()).toEqual(['clip', 'heldOut', 'oracle', ...attributes, 'quality']);
    expect(same!.score).toBeCloseTo(0, 4);
    expect(Math.abs(moved!.metrics['clip']! - base!.metrics['clip']!)).toBeGreaterThan(1e-5);
    expect(candidates.some((c) => c.step === chosen.step && c.blend === chosen.blend)).toBe(true);
  });

  it('compare every arm with the base over the test prompts', async () => {
    writeFileSync(at('list.csv'), 'prompt,kind\na red square,shape\ntwo cats,animal\n');
    await evaluate(context(evaluateConfig(), 'evaluate'));
    const { scores, prompts: scored } = json<Scores>('evaluate', 'scores.json');
    const weights = ['0.25', '0.50', '0.75', '1.25'].map((weight) => `blend-${weight}`);
    const arms = ['base', ...weights, 'chosen', 'exported', 'late', 'mixed', 'tuned'];
    expect(Object.keys(scores).sort()).toEqual(arms);
    expect(scored.map(({ prompt }) => prompt)).toEqual(prompts);
    expect(scores['tuned']!['clip']).toHaveLength(3);
    // Only prompts of the shapes world have an oracle; their pictures have a quality, and none of the gallery's styles.
    for (const metric of ['oracle', 'quality'])
      for (const arm of arms)
        expect(scores[arm]![metric]!.map((value) => value === null)).toEqual([false, true, false]);
    expect(Object.keys(scores['tuned']!).filter((metric) => metric.startsWith('style'))).toEqual([]);

    const comparisons = json<NamedComparison[]>('evaluate', 'comparisons.json');
    // clip, heldOut, oracle, four of its attributes, quality, diversity
    expect(comparisons.filter(({ against }) => against === 'base')).toHaveLength(9 * 9);
    expect(
      new Set(comparisons.filter(({ against }) => against !== 'base').map(({ arm, against }) => [arm, against].join())),
    ).toEqual(new Set(['exported,chosen']));
    for (const { metric, arm, against, n, mean, ci95, winRate } of comparisons) {
      const [own, base] = [scores[arm]![metric]!, scores[against]![metric]!];
      const differences = own.flatMap((value, i) => (value === null ? [] : [value - base[i]!]));
      expect(n).toBe(metric === 'oracle.background' ? 1 : metric.startsWith('oracle') || metric === 'quality' ? 2 : 3);
      expect(mean).toBeCloseTo(differences.reduce((a, b) => a + b, 0) / n, 10);
      expect(ci95[0]).toBeLessThanOrEqual(mean);
      expect(ci95[1]).toBeGreaterThanOrEqual(mean);
      expect(winRate).toBeCloseTo(differences.reduce((sum, d) => sum + (d > 0 ? 1 : d === 0 ? 0.5 : 0), 0) / n, 10);
    }
  });

  it('compare a part of the arms on a benchmark that names them', async () => {
    const { benchmarks, ...rest } = evaluateConfig();
    const config = (...arms: string[]) => ({ ...rest, benchmarks: [{ ...benchmarks[0]!, arms }] });
    await evaluate(context(config('mixed', 'tuned'), 'part'));
    const part = json<BenchmarkResult>('part', 'benchmarks', 'list.json');
    expect(Object.keys(part.scores).sort()).toEqual(['base', 'mixed', 'tuned']);
    const whole = json<BenchmarkResult>('evaluate', 'benchmarks', 'list.json');
    for (const arm of ['base', 'mixed', 'tuned']) expect(part.scores[arm]).toEqual(whole.scores[arm]);
    expect(json<Scores>('part', 'scores.json')).toEqual(json<Scores>('evaluate', 'scores.json'));
    await expect(evaluate(context(config('unet'), 'lacking'))).rejects.toThrow(
      /^Benchmark "list" compares the arm unet, which this run does not have; it has base, /,
    );
  });

  it('compare the chosen encoder with a champion', async () => {
    const choose = (name: string, step: number) => {
      mkdirSync(at(name), { recursive: true });
      const original = { chosen: { step: 0, blend: 0 } };
      writeFileSync(at(name, 'sweep.json'), JSON.stringify({ chosen: { step, blend: 0.5 }, exported: original }));
    };
    choose('chosen-20', 20);
    const champion = { encoder: at('tune', 'encoder', 'step-000020'), blend: 0.5 };
    const { inputs, ...rest } = context(
      { ...judging, prompts: 2, samplesPerPrompt: 2, images: 0, blends, champion },
      'challenged',
    );
    await evaluate({ ...rest, inputs: { ...inputs, sweep: at('chosen-20') } });
    const comparisons = json<NamedComparison[]>('challenged', 'comparisons.json');
    const [own, base] = ['champion', 'base'].map((against) =>
      comparisons.find((c) => c.metric === 'clip' && c.arm === 'chosen' && c.against === against),
    );
    expect(own).toMatchObject({ mean: 0, ci95: [0, 0], winRate: 0.5 }); // the chosen encoder is the champion
    expect(comparisons).toContainEqual({ ...base, arm: 'champion' });

    const kept = { inputs: { 'tune-encoder': at('tune'), sweep: at('chosen-20'), evaluate: at('challenged') } };
    await register({ ...context(registering, 'registered'), ...kept });
    const registration = json<Registration>('registered', 'registration.json');
    expect(registration.encoder).toMatchObject({
      step: 20,
      blend: 0.5,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(registration.exported).toBeNull();
    const rivals = registration.comparisons.map(({ arm, against }) => `${arm} against ${against}`);
    expect(new Set(rivals)).toEqual(
      new Set(['chosen against base', 'chosen against champion', 'exported against base', 'exported against chosen']),
    );
    const { scores } = json<Scores>('challenged', 'scores.json');
    const diversity = (arm: string) => mean(scores[arm]!['diversity'] as number[]);
    expect(registration.diversity).toEqual({ base: diversity('chosen') / diversity('base'), champion: 1 });
    expect(readdirSync(at('registered'))).toEqual(['encoder', 'registration.json']);
    expect(readdirSync(at('registered', 'encoder'))).toEqual(['config.json', 'model.safetensors']);

    choose('original', 0);
    kept.inputs.sweep = at('original');
    await register({ ...context(registering, 'nothing'), ...kept });
    expect(json<Registration>('nothing', 'registration.json').encoder).toBeNull();
    expect(readdirSync(at('nothing'))).toEqual(['registration.json']);
  });

  it('mix encoders, and follow the control curve', () => {
    const { scores } = json<Scores>('evaluate', 'scores.json');
    // The last of the two steps is always tuned; the other half of the mix is the original.
    expect(scores['late']).toEqual(scores['tuned']);
    for (const [i, value] of scores['mixed']!['clip']!.entries())
      expect(value).toBeCloseTo(scores['blend-0.50']!['clip']![i]!, 4);
    const [clip] = json<ControlCurve[]>('evaluate', 'control.json');
    expect(clip).toMatchObject({ metric: 'clip', weights: [0, 0.25, 0.5, 0.75, 1, 1.25] });
  });

  it('compare the same arms on benchmarks, by category', () => {
    const { prompts: asked, scores, categories } = json<BenchmarkResult>('evaluate', 'benchmarks', 'list.json');
    expect(asked.map(({ groups }) => groups)).toEqual([{ kind: 'shape' }, { kind: 'animal' }]);
    expect(Object.keys(scores)).toContain('mixed');
    expect(
      categories.find(({ value, arm, metric }) => value === 'animal' && arm === 'tuned' && metric === 'clip'),
    ).toMatchObject({ n: 1, column: 'kind' });
    expect(categories.some(({ value, metric }) => value === 'animal' && metric === 'oracle')).toBe(false);
  });

  it('keep the pictures of the first prompts', () => {
    const pictures = json<Picture[]>('evaluate', 'pictures.json');
    expect(pictures).toHaveLength(2);
    for (const arm of ['base', 'tuned', 'chosen', 'blend-0.50']) {
      expect(readdirSync(at('evaluate', 'images', arm))).toEqual(['0000.png', '0001.png']);
      const png = PNG.sync.read(readFileSync(at('evaluate', pictures[1]!.files[arm]!)));
      expect([png.width, png.height]).toEqual([32, 32]);
      expect(pictures[1]!.scores[arm]!['clip']).toBeTypeOf('number');
    }
  });

  it('return the same bytes again', async () => {
    await sweep(context(sweepConfig, 'again'));
    expect(readFileSync(at('again', 'sweep.json'))).toEqual(readFileSync(at('sweep', 'sweep.json')));
  });

  it('continue from where they were stopped, and end with the same bytes', async () => {
    const made = vi.spyOn(PictureGenerator.prototype, 'lastSteps');
    /** Stops a stage after `after` progress reports, and runs it again on what it left. */
    const cut = async (name: string, after: number, stage: (own: ReturnType<typeof context>) => Promise<void>) => {
      const stop = new AbortController();
      let told = 0;
      const progress = () => void (++told === after && stop.abort());
      await expect(stage({ ...context({}, name, stop.signal), progress })).rejects.toThrow(CancelledError);
      rmSync(at(name), { recursive: true });
      made.mockClear();
      await stage(context({}, name));
    };
    // Three of five arms were done, and the journal's last line is damaged.
    await cut('sweep-cut', 3, async (own) => {
      const journal = join(own.scratch, 'scores.jsonl');
      if (existsSync(journal)) {
        const text = readFileSync(journal, 'utf8');
        expect(text.trimEnd().split('\n')).toHaveLength(3);
        writeFileSync(journal, `${text.slice(0, -9)}x${text.slice(-8)}`);
      }
      await sweep({ ...own, config: sweepConfig });
    });
    // And the possible exports of the chosen one, at two weights.
    expect(made).toHaveBeenCalledTimes(3 + 2);
    expect(digests(at('sweep-cut'))).toEqual(digests(at('sweep')));
    // Ten arms on the test prompts, in one batch, and on those of a benchmark.
    await cut('evaluate-cut', 12, (own) => evaluate({ ...own, config: evaluateConfig() }));
    expect(made).toHaveBeenCalledTimes(8);
    expect(digests(at('evaluate-cut'))).toEqual(digests(at('evaluate')));
  });

  it('refuse a reward with the name of another metric', async () => {
    const rewards = [{ ...judging.rewards[0]!, name: 'oracle' }];
    await expect(sweep(context({ ...sweepConfig, rewards }, 'named'))).rejects.toThrow(
      'No reward can be named "oracle"',
    );
  });

  it('stop when they are cancelled, and write nothing', async () => {
    await expect(sweep(context(sweepConfig, 'cancelled', AbortSignal.abort()))).rejects.toThrow(CancelledError);
    expect(readdirSync(at('cancelled'))).toEqual([]);
  });
});
