import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportModel } from '../../../api/export/export-model.ts';
import { sha256File } from '../../../common/files.ts';
import { Arms, base } from '../../../evaluation/arms/arms.ts';
import { bestNetworks, isSameNetwork } from '../../../evaluation/comparison/choice.ts';
import { exportCandidates } from '../../../evaluation/arms/exported-arm.ts';
import { PictureGenerator } from '../../../evaluation/pictures/picture-generator.ts';
import type { Scores, Sweep, NamedComparison } from '../../../evaluation/results.ts';
import { run as evaluate } from '../../../evaluation/stages/evaluate.ts';
import type { Registration } from '../../../evaluation/registration.ts';
import { run as register } from '../../../evaluation/stages/register.ts';
import { run as sweep } from '../../../evaluation/stages/sweep.ts';
import { saveTextEncoder, saveUnet } from '../../../models/folder/network-folder.ts';
import { loadPipeline, type LoadedPipeline } from '../../../models/folder/pipeline-folder.ts';
import { writeSmallClip } from '../../rewards/small-clip.ts';
import { smallPipeline, tuned, writeShards } from '../small-pipeline.ts';

// No prompt is of the shapes world, so that the one reward decides.
const prompts = ['two dogs', 'a castle by the sea'];
let folder: string;
let pipeline: LoadedPipeline;
const at = (...path: string[]) => join(folder, ...path);
const judging = () => ({
  model: at('model'),
  sampler: { steps: 3, guidance: 3, gradientSteps: 1 },
  rewards: [{ name: 'clip', type: 'clip-similarity', model: at('clip'), weight: 100 }],
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'textcraftor-kept-'));
  pipeline = await smallPipeline(at('model'));
  await writeSmallClip(at('clip'));
  await writeShards(at('shard'), prompts);
  const { config, weights } = pipeline;
  // One of two opposite directions is better than the start.
  for (const [step, by] of [
    ['step-000010', 0.3],
    ['step-000020', -0.3],
  ] as const) {
    await saveTextEncoder(at('tune', 'encoder', step), config.textEncoder, tuned(weights.textEncoder, by));
    await saveUnet(at('unets', 'unet', step), config.unet, tuned(weights.unet, by / 5));
  }
});

afterAll(() => rm(folder, { recursive: true }));

async function context<C, I extends object>(config: C, output: string, inputs: I) {
  for (const path of [at(output), at(`${output}-scratch`)]) await mkdir(path, { recursive: true });
  const signal = new AbortController().signal;
  return { config, seed: 3, inputs, output: at(output), scratch: at(`${output}-scratch`), progress: () => {}, signal };
}
const unetOf = ({ unetStep }: Sweep['chosen']) => at('unets', 'unet', `step-${String(unetStep).padStart(6, '0')}`);
const json = <T>(...path: string[]) => JSON.parse(readFileSync(at(...path), 'utf8')) as T;

describe.each([
  ['an encoder', false],
  ['an encoder and a UNet', true],
])('the exported form of %s', (_, withUnet) => {
  const [swept, evaluated, registered] = ['sweep', 'evaluate', 'register'].map((name) => `${name}-${withUnet}`) as [
    string,
    string,
    string,
  ];
  const inputs = () => ({
    shard: at('shard'),
    'tune-encoder': at('tune'),
    sweep: at(swept),
    evaluate: at(evaluated),
    ...(withUnet ? { 'tune-unet': at('unets') } : {}),
  });
  const settings = () => ({ ...judging(), prompts: 2, samplesPerPrompt: 2 });
  // The best pair of both must be the exported one.
  const finalists = withUnet ? 1 : 2;

  it('is chosen on validation prompts among the shares of the best networks, and is the chosen network', async () => {
    const config = { ...settings(), blends: [0, 0.25, 1], chooseBy: 'rewards' as const, finalists };
    await sweep(await context(config, swept, inputs()));
    const { chosen, exported, ...ranked } = json<Sweep>(swept, 'sweep.json');
    expect(chosen.step).toBeGreaterThan(0);
    const tried = bestNetworks({ ...ranked, chosen }, finalists);
    expect(tried).toContainEqual(chosen);
    expect(exported.candidates.map(({ step, blend, unetStep }) => [step, blend, unetStep])).toEqual([
      [0, 0, undefined],
      ...tried.flatMap(({ step, unetStep }) => [0.25, 1].map((weight) => [step, weight, unetStep])),
    ]);
    expect(isSameNetwork(chosen, exported.chosen)).toBe(true);
    const best = exported.candidates.filter(({ eligible }) => eligible).reduce((a, b) => (b.score > a.score ? b : a));
    expect(exported.chosen).toEqual({
      step: best.step,
      blend: best.blend,
      ...(best.unetStep === undefined ? {} : { unetStep: best.unetStep }),
    });
    expect(exported.chosen.step).toBeGreaterThan(0);
    expect(readdirSync(at(swept, 'exported', 'text_encoder'))).toEqual(['config.json', 'model.safetensors']);
  });

  it('is what export writes, byte for byte', async () => {
    const { exported } = json<Sweep>(swept, 'sweep.json');
    const exportedFile = at(swept, 'exported', 'text_encoder', 'model.safetensors');
    const step = `step-${String(exported.chosen.step).padStart(6, '0')}`;
    const unet = withUnet ? { unet: unetOf(exported.chosen) } : {};
    const common = { model: at('model'), formats: ['diffusers', 'text-encoder'] as const, card: '', ...unet };
    const plain = { dtype: 'float32', naming: 'transformers' } as const;
    // From the exported file, and from the tuned encoder with its share.
    for (const [name, textEncoder, blend] of [
      ['again', exportedFile, 1],
      ['share', at('tune', 'encoder', step), exported.chosen.blend],
    ] as const) {
      const out = at(`${swept}-${name}`);
      await exportModel({ ...common, ...plain, textEncoder, blend, out });
      const [one, two, three] = await Promise.all(
        [
          exportedFile,
          join(out, 'diffusers/text_encoder/model.safetensors'),
          join(out, 'text_encoder.safetensors'),
        ].map((path) => sha256File(path)),
      );
      expect([two, three]).toEqual([one, one]);
      const config = 'config.json';
      expect(readFileSync(join(out, 'diffusers/text_encoder', config), 'utf8')).toBe(
        readFileSync(at(swept, 'exported', 'text_encoder', config), 'utf8'),
      );
      if ('unet' in unet)
        for (const file of [config, 'diffusion_pytorch_model.safetensors'])
          expect(await sha256File(join(out, 'diffusers/unet', file))).toBe(await sha256File(join(unet.unet, file)));
    }
  });

  it('is an arm that makes the pictures of the exported folder, in all steps and both branches', async () => {
    // The version in production exports the same files.
    const champion = {
      encoder: at('tune', 'encoder', 'step-000010'),
      blend: 0.5,
      exported: at(swept, 'exported', 'text_encoder'),
      ...(withUnet ? { unet: unetOf(json<Sweep>(swept, 'sweep.json').exported.chosen) } : {}),
    };
    await evaluate(await context({ ...settings(), images: 0, blends: [], champion }, evaluated, inputs()));
    const { scores } = json<Scores>(evaluated, 'scores.json');
    const model = at(`${swept}-again`, 'diffusers');
    const whole = await context({ ...settings(), model, images: 0, blends: [] }, `${evaluated}-whole`, {
      ...inputs(),
      sweep: at('none'),
    });
    await mkdir(at('none'), { recursive: true });
    const none = { chosen: { step: 0, blend: 0 } };
    await writeFile(at('none', 'sweep.json'), JSON.stringify({ ...none, exported: none }));
    await evaluate(whole);
    // The base of the exported folder used as the model.
    expect(scores['exported']).toEqual(json<Scores>(`${evaluated}-whole`, 'scores.json').scores['base']);
    expect(scores['exported']).not.toEqual(scores['chosen']);
    const comparisons = json<NamedComparison[]>(evaluated, 'comparisons.json');
    const pairs = comparisons.filter(({ arm }) => arm === 'exported').map(({ against }) => against);
    expect(new Set(pairs)).toEqual(new Set(['base', 'chosen', 'champion-exported']));
    expect(comparisons.find(({ against }) => against === 'champion-exported')).toMatchObject({ mean: 0, ci95: [0, 0] });
  });

  it('is registered with its digest and its numbers', async () => {
    await register(await context({ sampler: judging().sampler }, registered, inputs()));
    const { exported, measured, comparisons } = json<Registration>(registered, 'registration.json');
    const { chosen } = json<Sweep>(swept, 'sweep.json').exported;
    const { diversity, ...rest } = exported!;
    expect(rest).toEqual({
      sha256: await sha256File(at(swept, 'exported', 'text_encoder', 'model.safetensors')),
      step: chosen.step,
      weight: chosen.blend,
    });
    expect(diversity).toEqual({ base: expect.any(Number), champion: 1 });
    expect(measured).toEqual({ sampler: judging().sampler, samplesPerPrompt: 2, seed: 3 });
    expect(comparisons.some(({ arm, against }) => arm === 'exported' && against === 'base')).toBe(true);
    expect(readdirSync(at(registered, 'exported'))).toEqual(['config.json', 'model.safetensors']);
  });
});

it('each share of each finalist may be exported, and nothing when the original was the best', () => {
  const kept = [
    { step: 5, path: 'five' },
    { step: 6, path: 'six' },
  ];
  const both = { encoders: kept, unets: [{ step: 7, path: 'seven' }], joint: false };
  expect(exportCandidates(both, [], [1])).toEqual([]);
  const finalists = [
    { step: 6, blend: 0.5 },
    { step: 5, blend: 1, unetStep: 7 },
  ];
  expect(exportCandidates(both, finalists, [0, 0.5, 1, 0.5])).toEqual([
    { step: 6, encoder: 'six', blend: 0.5 },
    { step: 6, encoder: 'six', blend: 1 },
    { step: 5, encoder: 'five', blend: 0.5, unetStep: 7, unet: 'seven' },
    { step: 5, encoder: 'five', blend: 1, unetStep: 7, unet: 'seven' },
  ]);
});

it('exports the network that is better in all steps, even if another is better in the last', async () => {
  const common = { ...judging(), prompts: 2, samplesPerPrompt: 2, blends: [0.25, 1], chooseBy: 'rewards' as const };
  const inputs = { shard: at('shard'), 'tune-encoder': at('tune'), 'tune-unet': at('unets') };
  const found = async (finalists: number) => {
    const name = `of-${finalists}`;
    await sweep(await context({ ...common, finalists }, name, inputs));
    return json<Sweep>(name, 'sweep.json');
  };
  const [one, two] = [await found(1), await found(2)];
  const [first, second] = bestNetworks(two, 2);
  expect(one.chosen).toEqual(first);
  expect(two.chosen).toEqual(second);
  expect(isSameNetwork(two.exported.chosen, second!)).toBe(true);
  const scoreOf = ({ exported }: Sweep) => Math.max(...exported.candidates.map(({ score }) => score));
  expect(scoreOf(two)).toBeGreaterThan(scoreOf(one));
});

it('an arm that replaces the networks starts with them, but the chosen one does not', async () => {
  const generator = new PictureGenerator(pipeline, judging().sampler, 1, 2, undefined, true);
  const own = prompts.map((prompt, i) => ({ id: String(i), prompt }));
  const original = generator.embed(pipeline.weights.textEncoder, own, 'test');
  const arms = new Arms(pipeline, generator);
  const encoder = at('tune', 'encoder', 'step-000010');
  const unet = at('unets', 'unet', 'step-000010');
  const items = [0, 1].map((prompt) => ({ prompt, sample: 0 }));
  const start = async (source: ReturnType<Arms['inPlace']>) => {
    const arm = await source.of({ prompts: own, original });
    return [
      ...generator.firstSteps(own, items, arm.fromStart ? arm : await base.of({ prompts: own, original })).dataSync(),
    ];
  };
  const plain = await start(base);
  expect(await start(arms.tuned('chosen', encoder, 1, unet))).toEqual(plain);
  expect(await start(arms.inPlace('exported', undefined, undefined))).toEqual(plain);
  const [text, both, only] = [
    await start(arms.inPlace('exported', encoder, undefined)),
    await start(arms.inPlace('exported', encoder, unet)),
    await start(arms.inPlace('exported', undefined, unet)),
  ];
  for (const [one, other] of [
    [text, plain],
    [both, text],
    [only, plain],
    [only, both],
  ])
    expect(one).not.toEqual(other);
  // Loaded from the folder, as its user does.
  expect((await loadPipeline(at('model'))).weights.textEncoder.size).toBe(pipeline.weights.textEncoder.size);
});
