import { describe, expect, it } from 'vitest';
import { checkout, loadConfig } from '../../../pipeline/config/config-file.ts';
import { textcraftor } from '../../../pipeline/textcraftor.ts';

const tiny = (...settings: string[]) =>
  loadConfig(textcraftor, { file: 'configs/shapes.yaml', settings, folder: checkout });
const clip = '{name: clip, type: clip-similarity, model: a, weight: 1}';
const hpsv2 = 'rewards=[{name: clip, type: hpsv2, model: a, weight: 1}]';

describe('a key that has no effect beside another', () => {
  it.each([
    ['prompts.column', ['prompts.column=text'], 'the source is shapes'],
    ['prompts.encoding', ['prompts.encoding=utf-16le'], 'the source is shapes'],
    ['prompts.comments', ['prompts.comments=none'], 'the source is shapes'],
    ['prompts.split', ['prompts.split=train'], 'the source is shapes'],
    ['prompts.malformed', ['prompts.malformed=skip'], 'the source is shapes'],
    ['prompts.column', ['prompts={source: gallery, column: text}'], 'the source is gallery'],
    ['benchmarks.0.split', ['benchmarks=[{name: a, source: gallery, split: test}]'], 'the source is gallery'],
    ['filter.scriptShare', ['filter.scriptShare=0.9'], 'filter.scripts names no scripts'],
    ['filter.personalNameFiles', ['filter.personalNameFiles=[a]'], 'filter.personalNames is not drop'],
    [
      'filter.personalNameFiles',
      ['filter={personalNames: keep, personalNameFiles: [a]}'],
      'filter.personalNames is not drop',
    ],
    ['filter.benchmarkSimilarity', ['filter.benchmarkSimilarity=0.8'], 'there are no benchmarks'],
    ['filter.maxTokens', ['filter={maxTokens: 2, overlong: drop}'], 'every prompt has more'],
    ['filter.maxTokens', ['filter={maxTokens: 2, overlong: truncate}'], 'every prompt has more'],
    ['filter.maxTokens', ['filter.maxTokens=1'], 'every prompt has more'],
    ['rewards.0.head', ['rewards.clip.head=a'], 'a reward of type clip-similarity has none of its own'],
    ['rewards.1.tokenizer', ['rewards.aesthetic.tokenizer=a'], 'a reward of type aesthetic has none of its own'],
    ['heldOut.head', ['heldOut.head=a'], 'a reward of type film-cnn has none of its own'],
    ['heldOut.tokenizer', ['heldOut.tokenizer=a'], 'a reward of type film-cnn has none of its own'],
    ['benchmarks.0.column', ['benchmarks=[{name: a, source: shapes, column: b}]'], 'the source is shapes'],
    ['benchmarks.0.split', ['benchmarks=[{name: a, source: shapes, split: test}]'], 'the source is shapes'],
    [
      'benchmarks.1.categoryColumns',
      ['benchmarks=[{name: a, source: b.csv, categoryColumns: [c]}, {name: d, source: shapes, categoryColumns: [c]}]'],
      'the source is shapes',
    ],
    [
      'evaluate.arms.0.lastSteps',
      ['evaluate.arms=[{name: a, mix: [{encoder: b, weight: 1}], lastSteps: 2, fromStart: true}]'],
      'fromStart uses the arm in all steps',
    ],
    ['sweep.unets', ['sweep.unets=false'], 'there is no tuneUnet'],
    ['stages.evaluate.maxAge', ['stages.evaluate={cache: off, maxAge: 7d}'], 'cache is off, so no result is reused'],
  ])('%s is refused by name: %j', async (key, settings, why) => {
    await expect(tiny(...settings)).rejects.toThrow(
      expect.objectContaining({
        name: 'InputError',
        message: expect.stringMatching(
          new RegExp(`^configs/shapes\\.yaml: "${key}" has no effect, since ${why}.*: leave it out\\.$`),
        ),
      }),
    );
  });

  it.each([
    ['prompts={source: mine.csv, column: text, encoding: utf-8, comments: none, split: train}'],
    ['filter={scripts: [Latin], scriptShare: 0.9, personalNames: drop, personalNameFiles: [a]}'],
    ['filter.benchmarkSimilarity=0.8', 'benchmarks=[{name: a, source: shapes}]'],
    ['filter={maxTokens: 3, overlong: drop}'],
    ['rewards.clip.tokenizer=a'],
    ['benchmarks=[{name: a, source: shapes, categoryColumns: [], limit: 5}]'],
    ['stages={evaluate: {maxAge: 7d}, sweep: {cache: on, maxAge: 7d}}'],
    ['tuneUnet={steps: 1, batch: 1, learningRate: 1}', 'sweep.unets=false'],
    // Left to a short trial: docs of the schema say why they are harmless.
    ['tuneEncoder.steps=2'],
    ['sweep.finalists=1000'],
    ['evaluate.images=5000'],
  ])('and is taken where it has one: %s', async (...settings) => {
    await expect(tiny(...settings)).resolves.toMatchObject({ name: 'shapes' });
  });

  it('alarm.similarity is refused where nothing of its kind is watched', async () => {
    const file = { file: 'configs/sd15.yaml', folder: checkout };
    const load = (...settings: string[]) => loadConfig(textcraftor, { ...file, settings });
    await expect(load('alarm.similarity=2')).resolves.toMatchObject({ alarm: { similarity: 2 } });
    await expect(
      loadConfig(textcraftor, { ...file, settings: [`rewards=[${clip}]`, 'alarm.similarity=2'] }),
    ).resolves.toMatchObject({ name: 'sd15' });
    const { heldOut: _, ...bare } = await load(hpsv2);
    const checked = textcraftor.schema.safeParse({ ...bare, sweep: { prompts: 1 }, alarm: { similarity: 2 } });
    expect(checked.error?.issues[0]).toMatchObject({
      path: ['alarm', 'similarity'],
      message: expect.stringContaining('neither a heldOut reward nor one of type clip-similarity'),
    });
    expect(textcraftor.schema.safeParse({ ...bare, sweep: { prompts: 1 }, alarm: {} }).success).toBe(true);
  });
});

describe('a policy gradient that learns nothing from a trajectory', () => {
  const ddpo = (batch: number, group: number) =>
    `baselines.ddpoEncoder={steps: 1, batch: ${batch}, group: ${group}, learningRate: 0.1}`;

  it.each([
    [1, 1],
    [1, 4],
    [9, 4],
  ])('is refused: a batch of %i in groups of %i', async (batch, group) => {
    await expect(tiny(ddpo(batch, group))).rejects.toThrow(
      '"baselines.ddpoEncoder.group" leaves a trajectory of the batch with no other to compare it with',
    );
  });

  it.each([
    [2, 1],
    [8, 4],
    [2, 4],
  ])('and others are not: a batch of %i in groups of %i', async (batch, group) => {
    await expect(tiny(ddpo(batch, group))).resolves.toMatchObject({ name: 'shapes' });
  });
});

describe('the weights of the sweep', () => {
  it.each([
    ['sweep.blends=[0]', '"sweep.blends" has no weight above 0, so no tuned encoder would be tried.'],
    ['sweep.blends=[0.5, 1, 0.5]', '"sweep.blends" has a weight twice.'],
  ])('%s is refused', async (setting, message) => {
    await expect(tiny(setting)).rejects.toThrow(message);
  });
});
