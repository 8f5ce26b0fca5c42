import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Arms, base } from '../../../evaluation/arms/arms.ts';
import { candidates } from '../../../evaluation/arms/candidates.ts';
import { PictureGenerator } from '../../../evaluation/pictures/picture-generator.ts';
import type { Scores, Sweep, NamedComparison } from '../../../evaluation/results.ts';
import { run as evaluate } from '../../../evaluation/stages/evaluate.ts';
import type { Registration } from '../../../evaluation/registration.ts';
import { run as register } from '../../../evaluation/stages/register.ts';
import { run as sweep } from '../../../evaluation/stages/sweep.ts';
import { saveTextEncoder, saveUnet } from '../../../models/folder/network-folder.ts';
import type { LoadedPipeline } from '../../../models/folder/pipeline-folder.ts';
import { writeHead, writeSmallClip } from '../../rewards/small-clip.ts';
import { smallPipeline, tuned, writeShards } from '../small-pipeline.ts';

const folder = mkdtempSync(join(tmpdir(), 'textcraftor-unet-'));
const at = (...path: string[]) => join(folder, ...path);
const prompts = ['a small red circle', 'two dogs'].map((prompt, i) => ({ id: String(i), prompt }));
const judging = {
  model: at('model'),
  sampler: { steps: 2, guidance: 3, gradientSteps: 1 },
  rewards: [{ name: 'clip', type: 'clip-similarity', model: at('clip'), weight: 100 }],
};
let pipeline: LoadedPipeline;

beforeAll(async () => {
  pipeline = await smallPipeline(at('model'));
  await writeSmallClip(at('clip'));
  await writeHead(at('head.safetensors'), { '': 1 });
  await writeShards(
    at('shard'),
    prompts.map(({ prompt }) => prompt),
  );
  for (const name of ['step-000010', 'final']) {
    const encoder = tuned(pipeline.weights.textEncoder, 0.1);
    await saveTextEncoder(at('tune', 'encoder', name), pipeline.config.textEncoder, encoder);
  }
  for (const [stage, name] of [
    ['unets', 'step-000005'],
    ['unets', 'final'],
    ['joint', 'step-000010'],
    ['joint', 'final'],
  ] as const) {
    await saveUnet(at(stage, 'unet', name), pipeline.config.unet, tuned(pipeline.weights.unet, 0.05));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function context<C>(config: C, output: string) {
  for (const path of [at(output), at(`${output}-scratch`)]) mkdirSync(path, { recursive: true });
  const inputs = {
    shard: at('shard'),
    'tune-encoder': at('tune'),
    'tune-unet': at('unets'),
    sweep: at('sweep'),
    evaluate: at('evaluate'),
  };
  const signal = new AbortController().signal;
  return { config, seed: 3, inputs, output: at(output), scratch: at(`${output}-scratch`), progress: () => {}, signal };
}
const json = <T>(...path: string[]) => JSON.parse(readFileSync(at(...path), 'utf8')) as T;

it('makes the last K steps with the tuned UNet, and earlier ones with the original', async () => {
  const [second, plain] = [true, false].map(
    (both) => new PictureGenerator(pipeline, judging.sampler, 1, 2, undefined, both),
  );
  const swapped = { ...pipeline, weights: { ...pipeline.weights, unet: tuned(pipeline.weights.unet, 0.05) } };
  const expected = new PictureGenerator(swapped, judging.sampler, 1, 2);
  const items = [0, 1].map((prompt) => ({ prompt, sample: 0 }));
  const original = second!.embed(pipeline.weights.textEncoder, prompts, 'test');
  const own = await base.of({ prompts, original });
  const arm = await new Arms(pipeline, second!)
    .withUnet('unet', base, at('unets', 'unet', 'final'))
    .of({ prompts, original });
  const latents = plain!.firstSteps(prompts, items, own);
  expect([...second!.lastSteps(latents, items, own)]).toEqual([...plain!.lastSteps(latents, items, own)]);
  const pictures = second!.lastSteps(latents, items, arm);
  expect([...pictures]).toEqual([...expected.lastSteps(latents, items, own)]);
  expect([...pictures]).not.toEqual([...plain!.lastSteps(latents, items, own)]);
});

describe('the candidates', () => {
  const kept = (...steps: number[]) => steps.map((step) => ({ step, path: `at ${step}` }));
  const triples = (all: ReturnType<typeof candidates>) =>
    all.map(({ step, blend, unetStep }) => [step, blend, unetStep]);

  it('are each encoder, and the final one with each UNet that was tuned for it', () => {
    const found = candidates({ encoders: kept(1, 2), unets: kept(7, 9), joint: false }, [0, 0.5, 1]);
    expect(triples(found)).toEqual([
      [1, 0.5, undefined],
      [1, 1, undefined],
      [2, 0.5, undefined],
      [2, 1, undefined],
      [2, 0.5, 7],
      [2, 1, 7],
      [2, 0.5, 9],
      [2, 1, 9],
    ]);
    expect(found.at(-1)).toMatchObject({ encoder: 'at 2', unet: 'at 9' });
  });

  it('are the pairs that were tuned together', () => {
    const found = candidates({ encoders: kept(1, 2), unets: kept(1, 2), joint: true }, [1]);
    expect(triples(found)).toEqual([
      [1, 1, 1],
      [2, 1, 2],
    ]);
  });
});

it('are encoders alone if the sweep is told so', async () => {
  const settings = { blends: [1], prompts: 2, samplesPerPrompt: 1, finalists: 1, chooseBy: 'rewards' as const };
  await sweep(context({ ...judging, ...settings, unets: false }, 'sweep-encoders'));
  const { candidates } = json<Sweep>('sweep-encoders', 'sweep.json');
  expect(candidates.map(({ step, unetStep }) => [step, unetStep])).toEqual([
    [0, undefined],
    [10, undefined],
  ]);
});

it('go from the sweep through the evaluation into the registered version', async () => {
  await sweep(
    context(
      { ...judging, blends: [1], prompts: 2, samplesPerPrompt: 1, finalists: 1, chooseBy: 'rewards' as const },
      'sweep',
    ),
  );
  const result = json<Sweep>('sweep', 'sweep.json');
  expect(result.candidates.map(({ step, unetStep }) => [step, unetStep])).toEqual([
    [0, undefined],
    [10, undefined],
    [10, 5],
  ]);

  result.chosen = { step: 10, blend: 1, unetStep: 5 };
  writeFileSync(at('sweep', 'sweep.json'), JSON.stringify(result));
  await evaluate(
    context({ ...judging, prompts: 2, samplesPerPrompt: 1, images: 0, blends: [], fusion: true }, 'evaluate'),
  );
  const comparisons = json<NamedComparison[]>('evaluate', 'comparisons.json');
  const of = (arm: string, against: string) =>
    comparisons.find((c) => c.metric === 'clip' && c.arm === arm && c.against === against)!;
  expect(of('fusion', 'base').mean).toBe(of('chosen', 'base').mean);
  expect(of('fusion', 'tuned').mean).toBeCloseTo(of('fusion', 'base').mean - of('tuned', 'base').mean, 10);
  expect(of('unet', 'base').mean).not.toBe(0);

  await register(context({ sampler: judging.sampler }, 'registered'));
  const { encoder, unet } = json<Registration>('registered', 'registration.json');
  expect([encoder?.step, unet?.step]).toEqual([10, 5]);
  expect(existsSync(at('registered', 'unet', 'config.json'))).toBe(true);
});

it('chooses among the checkpoints of each baseline by the same rule, and compares the choice', async () => {
  const { inputs, ...rest } = context(
    { ...judging, blends: [0.5, 1], prompts: 2, samplesPerPrompt: 1, finalists: 1, chooseBy: 'rewards' as const },
    'baselines',
  );
  const { 'tune-unet': _, ...own } = inputs;
  const both = { ...own, sweep: at('baselines'), 'ddpo-encoder': at('tune'), 'ddpo-unet': at('unets') };
  await sweep({ ...rest, inputs: both });
  const { baselines, candidates: tunedOnes, chosen } = json<Sweep>('baselines', 'sweep.json');
  expect(Object.keys(baselines!).sort()).toEqual(['ddpo-encoder', 'ddpo-unet']);
  expect(baselines!['ddpo-encoder']).toMatchObject({ candidates: tunedOnes, chosen }); // the same files
  expect(baselines!['ddpo-unet']!.candidates.map(({ unetStep }) => unetStep)).toEqual([undefined, 5]);

  const forced = {
    chosen: { step: 0, blend: 0 },
    exported: { chosen: { step: 0, blend: 0 } },
    baselines: {
      'ddpo-encoder': { chosen: { step: 10, blend: 0.5 } },
      'ddpo-unet': { chosen: { step: 0, blend: 0, unetStep: 5 } },
    },
  };
  writeFileSync(at('baselines', 'sweep.json'), JSON.stringify(forced));
  const config = { ...judging, prompts: 2, samplesPerPrompt: 1, images: 0, blends: [0.5] };
  await evaluate({ ...context(config, 'compared'), inputs: both });
  const { scores } = json<Scores>('compared', 'scores.json');
  // Step 10 is the final encoder here, so its blend also exists under another name.
  expect(scores['ddpo-encoder']).toEqual(scores['blend-0.50']);
  expect(scores['chosen']).toEqual(scores['base']);
  expect(scores['exported']).toEqual(scores['base']);
  expect(scores['ddpo-unet']).not.toEqual(scores['base']);
});
