import { RandomStream } from '../../common/random.ts';
import { encodePng } from '../../common/pictures/png.ts';
import { caption } from '../../world/scenes/shapes/grammar.ts';
import { render } from '../../world/scenes/shapes/renderer.ts';
import { scenesOf } from '../../world/scenes/shapes/scene.ts';
import type { ReportData } from '../../evaluation/report/report-data.ts';

const blends = {
  base: 0,
  'blend-0.25': 0.25,
  'blend-0.50': 0.5,
  'blend-0.75': 0.75,
  tuned: 1,
  chosen: 0.5,
  exported: 0.4,
};
const gains: Record<string, [number, number]> = {
  clip: [0.031, 0.006],
  aesthetic: [1.2, 0.15],
  preference: [0.9, 0.2],
  heldOut: [0.6, 0.12],
  oracle: [0.08, 0.04],
};

/**
 * A report with random numbers and pictures of the shapes world that get cleaner with the blend.
 * @param count number of pictures
 */
export function sampleReport(count = 12): ReportData {
  const stream = new RandomStream(4, 'sample report');
  const scenes = scenesOf('test')
    .filter((_, i) => i % 19 === 0)
    .slice(0, count);
  const pictures = scenes.map((scene) => {
    const picture = (blend: number) => {
      const degradation = {
        blur: 1.4 * (1 - blend),
        dullness: 0.6 * (1 - blend),
        darkness: 0.3 * (1 - blend),
        noise: 0.02,
      };
      const png = encodePng(render(scene, { degradation, stream: new RandomStream(1, 'pixels') }), 32, 32);
      return `data:image/png;base64,${png.toString('base64')}`;
    };
    const each = <T>(of: (blend: number) => T) =>
      Object.fromEntries(Object.entries(blends).map(([arm, blend]) => [arm, of(blend)]));
    return {
      prompt: caption(scene),
      files: each(picture),
      scores: each((blend) => ({
        clip: 0.21 + 0.05 * blend + 0.02 * stream.uniform(),
        aesthetic: 4 + 2 * blend + stream.uniform(),
        heldOut: blend + stream.uniform(),
        oracle: stream.uniform() < 0.4 + 0.3 * blend ? 1 : 0,
      })),
    };
  });
  const comparisons = Object.entries(gains).flatMap(([metric, [gain, half]]) =>
    Object.entries(blends)
      .filter(([arm]) => arm !== 'base')
      .map(([arm, blend]) => {
        const mean =
          metric === 'oracle'
            ? gain * 4 * blend * (1 - blend) - (arm === 'tuned' ? 0.062 : 0)
            : gain * Math.sqrt(blend);
        return {
          metric,
          arm,
          against: 'base',
          n: 242,
          mean,
          ci95: [mean - half, mean + half] as [number, number],
          winRate: 0.5 + 0.3 * Math.sqrt(blend),
        };
      }),
  );
  const perPrompt = (mean: number) => [mean - 0.01, mean + 0.01, null];
  return {
    title: 'tiny',
    configuration: {
      name: 'tiny',
      seed: 1,
      sampler: { steps: 8, guidance: 3, gradientSteps: 3 },
      rewards: [{ name: 'clip', weight: 100 }],
    },
    trained: ['clip', 'aesthetic', 'preference'],
    run: {
      id: 'tiny-20260102-030405',
      status: 'completed',
      stages: ['ingest', 'filter', 'shard', 'rollout', 'tune-encoder', 'sweep', 'evaluate', 'report'].map(
        (name, i) => ({
          name,
          status: i < 3 ? 'reused' : 'ran',
          seconds: [0, 0, 0, 21.4, 265.2, 71.9, 44.2, 0.6][i]!,
          artifact: { uri: 'file:///a', sha256: `${i}`.repeat(64), bytes: 10 ** (i + 1) * 3 },
        }),
      ),
    },
    filter: {
      read: 25432,
      kept: 21280,
      dropped: { duplicate: 3520, 'too short': 402, blocked: 230, empty: 0 },
      samples: { 'too short': ['prompts.txt:12: <b>hi</b>'], blocked: [] },
    },
    card: {
      tokens: Array.from({ length: 17 }, (_, i) => ({
        label: i === 16 ? '80 and more' : `${i * 5} to ${i * 5 + 4}`,
        prompts: Math.round(4300 * Math.exp(-((i - 5) ** 2) / 8)) + 3,
      })),
      characters: Array.from({ length: 21 }, (_, i) => ({
        label: i === 20 ? '500 and more' : `${i * 25} to ${i * 25 + 24}`,
        prompts: Math.round(3000 * Math.exp(-((i - 4) ** 2) / 18)),
      })),
      copies: [
        { label: '2', prompts: 1210 },
        { label: '3 to 4', prompts: 302 },
        { label: '5 to 8', prompts: 41 },
        { label: '9 to 16', prompts: 3 },
      ],
      sources: [
        { name: 'part-1.csv.gz', kept: 12034 },
        { name: 'part-2.csv.gz', kept: 9204 },
        { name: 'more/<i>list</i>.txt', kept: 42 },
      ],
      otherSources: { files: 0, kept: 0 },
      read: { files: 3, ignored: 2, malformed: 12, samples: ['part-1.csv.gz: line 7 has 2 fields, the header has 3'] },
    },
    splits: { train: 14896, validation: 2128, test: 4256 },
    curves: Array.from({ length: 160 }, (_, i) => ({
      step: i + 1,
      loss: -25 - 4 * (1 - Math.exp(-i / 50)) + stream.uniform(),
      'reward.clip': 0.22 + 0.03 * (1 - Math.exp(-i / 50)) + 0.01 * stream.uniform(),
      'reward.aesthetic': 4.2 + 1.2 * (1 - Math.exp(-i / 60)) + 0.4 * stream.uniform(),
      'reward.preference': 0.9 * (1 - Math.exp(-i / 40)) + 0.4 * stream.uniform(),
      gradientNorm: 2 + stream.uniform() * 3,
      deltaNorm: Math.sqrt(i) / 20,
      seconds: 1.4,
    })),
    sweep: {
      chooseBy: 'oracle',
      candidates: [
        { step: 0, blend: 0, metrics: {}, score: 0, eligible: true },
        ...[40, 80, 120, 160].flatMap((step) =>
          [0.25, 0.5, 0.75, 1].map((blend) => ({
            step,
            blend,
            metrics: {},
            score: (step / 160) * blend * (1.1 - blend) * 0.3,
            eligible: step * blend < 140,
          })),
        ),
      ],
      chosen: { step: 120, blend: 0.5 },
      exported: {
        chooseBy: 'oracle',
        candidates: [
          { step: 0, blend: 0, metrics: {}, score: 0, eligible: true },
          ...[0.25, 0.5, 0.75, 1].map((blend) => ({
            step: 120,
            blend,
            metrics: {},
            score: 0.1 * blend * (0.9 - blend),
            eligible: blend < 1,
          })),
        ],
        chosen: { step: 120, blend: 0.25 },
      },
    },
    comparisons,
    control: [
      {
        metric: 'clip',
        weights: [0, 0.5, 1],
        means: [0.2, 0.22, 0.23],
        steps: [0.02, 0.01].map((mean) => ({ n: 242, mean, ci95: [mean - 0.005, mean + 0.005], winRate: 0.7 })),
        direction: 'up',
        share: 1,
        monotone: true,
      },
    ],
    transfer: [],
    benchmarks: [
      {
        name: 'world',
        prompts: [{ id: '1', prompt: 'a small red circle', groups: { challenge: 'plain' } }],
        samplesPerPrompt: 2,
        scores: {},
        comparisons: [],
        categories: ['', 'challenge'].flatMap((column) =>
          ['base', 'chosen'].map((arm) => ({
            column,
            value: column && 'plain',
            metric: 'clip',
            arm,
            n: 80,
            mean: 0.2,
            groupDeviation: 0.01,
            ...(arm === 'base' ? {} : { difference: { n: 80, mean: 0.01, ci95: [0.005, 0.015], winRate: 0.6 } }),
          })),
        ),
      },
    ],
    scores: {
      prompts: [],
      samplesPerPrompt: 1,
      scores: {
        base: Object.fromEntries(Object.keys(gains).map((metric) => [metric, perPrompt(0.3)])),
        chosen: Object.fromEntries(Object.entries(gains).map(([metric, [gain]]) => [metric, perPrompt(0.3 + gain)])),
      },
    },
    pictures,
  };
}
