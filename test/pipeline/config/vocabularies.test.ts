import { eld } from 'eld/large';
import { expect, it } from 'vitest';
import { isScript, LANGUAGES } from '../../../datasets/rules/rule-names.ts';
import { checkout, loadConfig } from '../../../pipeline/config/config-file.ts';
import { textcraftor } from '../../../pipeline/textcraftor.ts';

const tiny = (...settings: string[]) =>
  loadConfig(textcraftor, { file: 'configs/shapes.yaml', settings, folder: checkout });

it('lists the languages that the detector knows', () => {
  expect([...LANGUAGES].sort()).toEqual(Object.values(eld.info().Languages).sort());
});

it('knows the scripts of Unicode by their names, and nothing else by them', () => {
  expect(['Latin', 'Han', 'Old_Italic', 'Cyrl'].every(isScript)).toBe(true);
  expect(['latin', '[z-a]', 'Latin}|\\p{L', '', 'Latin '].some(isScript)).toBe(false);
});

it.each([
  [
    'rewards.clip.type=nonsense',
    '"rewards.0.type" is wrong: expected one of "clip-similarity"|"clip-zero-shot"|"aesthetic"|"pickscore"',
  ],
  ['heldOut.type=nonsense', '"heldOut.type" is wrong: expected one of'],
  [
    'evaluate.scheduler=nonsense',
    '"evaluate.scheduler" is wrong: expected one of "ddim"|"pndm"|"dpm-solver++"|"euler"',
  ],
  ['engine.dtype=int8', '"engine.dtype" is wrong'],
  [
    'baselines.promptEngineering={rewriter: {url: "ftp://a.b/c"}}',
    '"baselines.promptEngineering.rewriter.url" is not an http:// or https:// URL',
  ],
  [
    'baselines.promptEngineering={rewriter: {url: "http://me:secret@a.b/c"}}',
    '"baselines.promptEngineering.rewriter.url" must not contain a user or password',
  ],
  ['rollout.runtime=cuda', '"rollout.runtime" is wrong'],
  ['tuneEncoder.optimizer.states=4bit', '"tuneEncoder.optimizer.states" is wrong'],
  ['tuneEncoder.gradient={type: first}', '"tuneEncoder.gradient.type"'],
  ['filter.scripts=["[z-a]"]', '"filter.scripts.0" is not a Unicode script'],
  ['filter.languages=[english]', '"filter.languages.0" is wrong'],
  ['transfer={prompts: 1, unets: [{name: a, unet: b, guide: depth}]}', '"transfer.unets.0.guide" is wrong'],
  [
    'rewards.aesthetic={name: aesthetic, type: aesthetic, model: world/shapes/aesthetic, weight: 1}',
    '"rewards.1.head" is missing',
  ],
  ['heldOut={type: aesthetic, model: world/shapes/aesthetic}', '"heldOut.head" is missing'],
  ['rewards.clip.name=quality', '"rewards.0.name" is "quality", which is a metric already'],
  ['rewards.clip.name=oracle', '"rewards.0.name" is "oracle", which is a metric already'],
  ['tuneEncoder.rewardWeights={clop: 1}', '"tuneEncoder.rewardWeights" has a weight for clop'],
  [
    'tuneEncoder.rewardWeights={clip: 0, aesthetic: 0, preference: 0}',
    'leave nothing to tune on: every weight is 0 in tuneEncoder',
  ],
  ['registry.gate.base={clop: 0}', '"registry.gate.base" bounds "clop", which is not a metric'],
  ['evaluate.arms=[{name: chosen, mix: [{encoder: a, weight: 1}]}]', '"evaluate.arms" has the name "chosen"'],
  ['evaluate.arms=[{name: blend-0.50, mix: [{encoder: a, weight: 1}]}]', '"evaluate.arms" has the name "blend-0.50"'],
  ['evaluate.blends=[0.5, 0.501]', '"evaluate.blends" has two weights named blend-0.50'],
  ['benchmarks=[{name: a, source: shapes}, {name: a, source: shapes}]', '"benchmarks" has the name "a" twice'],
  [
    'baselines.direct={steps: 1, batch: 1, learningRate: 1, pictures: gallery}',
    '"baselines.direct.pictures" is gallery, which only prompts of the gallery have',
  ],
  ['baselines.promptEngineering={corpus: web}', '"baselines.promptEngineering.corpus" is wrong'],
  ['stages.evalute.cache=off', '"stages.evalute" is not a stage'],
  ['alarm.samplesPerPrompt=1', '"alarm.samplesPerPrompt" is too small'],
  ['notify=[{webhook: "ftp://a"}]', '"notify.0.webhook"'],
  ['engine.threads=1000000000', '"engine.threads" is too big'],
  ['tuneEncoder.batch=1000000000', '"tuneEncoder.batch" is too big'],
])('a configuration refuses %s before anything runs', async (setting, message) => {
  await expect(tiny(setting)).rejects.toThrow(
    expect.objectContaining({ name: 'InputError', message: expect.stringContaining(message) }),
  );
});

it.each([
  [
    'baselines.direct={steps: 1, batch: 1, learningRate: 1}',
    '"baselines.direct.pictures" is shapes, which only prompts of the shapes world have',
  ],
  ['transfer={prompts: 1, unets: [{name: a, unet: b, guide: silhouette}]}', '"transfer.unets.0.guide" is silhouette'],
])('and %s where the prompts are others', async (setting, message) => {
  await expect(tiny('prompts.source=mine.txt', setting)).rejects.toThrow(message);
});
