import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeBlindPairs, type BlindPairsOptions } from '../../api/pairs/blind-pairs.ts';
import { scorePairs } from '../../api/pairs/score-pairs.ts';
import { encodePng } from '../../common/pictures/png.ts';
import { makePairs, type EvaluationSource } from '../../evaluation/pairs/picture-pairs.ts';
import type { PairKey } from '../../evaluation/pairs/pair-answers.ts';
import { run as evaluate } from '../../evaluation/stages/evaluate.ts';
import { saveTextEncoder } from '../../models/folder/network-folder.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { ArtifactStore } from '../../pipeline/store/artifact-store.ts';
import { smallPipeline, tuned, writeShards } from '../evaluation/small-pipeline.ts';
import { writeSmallClip } from '../rewards/small-clip.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

const prompts = ['a small red circle', 'two dogs', 'a large blue square on a white background'];
let folder: string;
let home: Home;
let run: string;
const at = (...path: string[]): string => join(folder, ...path);

/** A run that compared its arms, of which the chosen one is the original. */
beforeEach(async () => {
  folder = await temporaryFolder();
  home = new Home(at('home'));
  const { config, weights } = await smallPipeline(at('model'));
  await writeSmallClip(at('clip'));
  await writeShards(at('shard'), prompts);
  await saveTextEncoder(at('tune', 'encoder', 'step-000020'), config.textEncoder, tuned(weights.textEncoder, 0.5));
  mkdirSync(at('sweep'));
  const original = { chosen: { step: 0, blend: 0 } };
  writeFileSync(at('sweep', 'sweep.json'), JSON.stringify({ ...original, exported: original }));
  const settings = {
    seed: 3,
    model: at('model'),
    sampler: { steps: 2, guidance: 3, gradientSteps: 1 },
    rewards: [{ name: 'clip', type: 'clip-similarity', model: at('clip'), weight: 100 }],
    evaluate: { prompts: 3, samplesPerPrompt: 2, images: 3, blends: [0.5] },
  };
  const records = new RunRecords(home);
  const stages = { shard: 'shard', 'tune-encoder': 'tune', sweep: 'sweep' };
  const graph = Object.keys(stages).map((name) => ({ name, inputs: [] }));
  ({ id: run } = await records.create('small', 'test', settings, graph));
  for (const [name, draft] of Object.entries(stages)) {
    const artifact = await new ArtifactStore(home.artifacts).commit(at(draft));
    await records.saveStage(run, { name, status: 'ran', seconds: 1, artifact });
  }
});

const draw = (options: Partial<BlindPairsOptions> = {}) =>
  writeBlindPairs(home, { run: 'latest', arms: ['base', 'tuned'], count: 3, seed: 1, out: at('pairs'), ...options });

describe('blind pairs', () => {
  it('are written with a key, twice the same bytes, and scored with it', async () => {
    const written = await draw();
    expect(written).toEqual({ run, sheets: [at('pairs', 'pairs.png')], key: at('pairs', 'key.json') });
    await draw({ out: at('again') });
    for (const file of ['pairs.png', 'key.json', 'prompts.txt'])
      expect(readFileSync(at('again', file)), file).toEqual(readFileSync(at('pairs', file)));
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);

    const key = JSON.parse(readFileSync(written.key, 'utf8')) as PairKey;
    expect(key).toMatchObject({ format: 1, run, arms: ['base', 'tuned'], seed: 1 });
    expect(key.pairs.map(({ prompt }) => prompt).sort()).toEqual(prompts.toSorted());
    const lines = key.pairs.map(({ pair, A }) => `${pair},${A === 'tuned' ? 'A' : 'B'}\n`);
    writeFileSync(at('answers.csv'), `pair,better\n${lines.join('')}`);
    expect(await scorePairs(written.key, at('answers.csv'))).toMatchObject({ decided: 3, right: 3, winRate: 1 });
  });

  it('show the pictures that the evaluation judged', async () => {
    const sampler = { steps: 2, guidance: 3, gradientSteps: 1 };
    const rewards = [{ name: 'clip', type: 'clip-similarity', model: at('clip'), weight: 100 }];
    const store = new ArtifactStore(home.artifacts);
    const { stages } = await new RunRecords(home).read(run);
    const inputs = Object.fromEntries(
      stages.map(({ name, artifact }) => [name, store.folder(artifact!.sha256)]),
    ) as EvaluationSource['inputs'];
    const config = { model: at('model'), sampler, rewards, prompts: 3, samplesPerPrompt: 1, images: 3, blends: [0.5] };
    for (const name of ['output', 'scratch']) mkdirSync(at(name));
    const signal = new AbortController().signal;
    const places = { output: at('output'), scratch: at('scratch') };
    await evaluate({ config, inputs, seed: 3, ...places, progress: () => {}, signal });
    const choice = { arms: ['blend-0.50', 'tuned'], count: 3, seed: 1 } as const;
    const { size, pairs } = await makePairs({ config, inputs, seed: 3 }, choice, () => {});
    for (const { prompt, A, B, pictures } of pairs)
      for (const [i, arm] of [A, B].entries()) {
        const file = at('output', 'images', arm, `${String(prompts.indexOf(prompt)).padStart(4, '0')}.png`);
        expect(encodePng(pictures[i]!, size, size), `${arm}: ${prompt}`).toEqual(readFileSync(file));
      }
  });

  it('are refused for what the run does not have', async () => {
    await expect(draw({ arms: ['base', 'encoder'] })).rejects.toThrow(
      'The run has no arm "encoder"; its arms are base, blend-0.50, tuned, chosen, exported.',
    );
    await expect(draw({ arms: ['base', 'base'] })).rejects.toThrow('--arms names "base" twice');
    await expect(draw({ arms: ['base', 'chosen'] })).rejects.toThrow('The arms base and chosen make the same pictures');
    await expect(draw({ count: 4 })).rejects.toThrow('at most 3 pairs can be drawn');
    await expect(draw({ run: 'none' })).rejects.toThrow('none');
    mkdirSync(at('full'));
    writeFileSync(at('full', 'a'), '');
    await expect(draw({ out: at('full') })).rejects.toThrow('is not empty; choose a new folder for --out.');
    expect(readdirSync(folder)).not.toContain('pairs');
  });

  it('are refused before the run has chosen, and from damaged networks', async () => {
    const records = new RunRecords(home);
    const sha256 = (await records.read(run)).stages.find(({ name }) => name === 'tune-encoder')!.artifact!.sha256;
    const path = join(new ArtifactStore(home.artifacts).folder(sha256), 'encoder/step-000020/config.json');
    rmSync(path);
    writeFileSync(path, '{}');
    await expect(draw()).rejects.toThrow(/stage tune-encoder of run .* make it again with: textcraftor resume/);
    await records.saveStage(run, { name: 'tune-encoder', status: 'pending', seconds: 0 });
    await expect(draw()).rejects.toThrow(
      `Run ${run} has no pictures to compare yet: its stage tune-encoder is not done.`,
    );
  });
});

describe('a key', () => {
  it('of another kind is refused by name', async () => {
    writeFileSync(at('answers.csv'), 'pair,better\n1,A\n');
    for (const content of ['', '{}', '[1', '{"format": 2}']) {
      writeFileSync(at('key.json'), content);
      await expect(scorePairs(at('key.json'), at('answers.csv'))).rejects.toThrow(
        'key.json is not the key of blind pairs',
      );
    }
    await expect(scorePairs(at('none.json'), at('answers.csv'))).rejects.toThrow('none.json cannot be read');
  });
});
