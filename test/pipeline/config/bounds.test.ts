import { expect, it } from 'vitest';
import { commonSettings } from '../../../pipeline/config/common-schema.ts';
import { checkConfig, checkout, loadConfig } from '../../../pipeline/config/config-file.ts';
import { definition } from '../../../pipeline/config/config-keys.ts';
import { configSchema } from '../../../pipeline/config/config.ts';
import { textcraftor } from '../../../pipeline/textcraftor.ts';
import { z, type ZodType } from 'zod';

interface Numbered {
  path: string;
  least: number;
  most: number;
}

/** The numbers of a schema, each with its bounds. */
function numbers(schema: ZodType, path: readonly string[] = []): Numbered[] {
  const { type, shape, innerType, element, valueType, options, in: input } = definition(schema);
  const inner = innerType ?? input;
  if (inner) return numbers(inner, path);
  if (element) return numbers(element, [...path, '0']);
  if (valueType) return numbers(valueType, [...path, '*']);
  if (Array.isArray(options)) return options.flatMap((option) => numbers(option, path));
  if (shape) return Object.entries(shape).flatMap(([key, value]) => numbers(value, [...path, key]));
  if (type !== 'number') return [];
  const { minValue, maxValue } = schema as unknown as { minValue: number | null; maxValue: number | null };
  return [{ path: path.join('.'), least: minValue ?? -Infinity, most: maxValue ?? Infinity }];
}

/** Values of other keys, which are checked with the bounds of those. */
const exempt = ['ablations.0.*.0'];

it('every number of a configuration has bounds', () => {
  const all = [...numbers(configSchema), ...numbers(z.object(commonSettings('a')))];
  expect(all.length).toBeGreaterThan(90);
  const open = all.filter(
    ({ path, least, most }) =>
      !exempt.includes(path) && (least <= -Number.MAX_SAFE_INTEGER || most >= Number.MAX_SAFE_INTEGER) && most < 3e38,
  );
  const unbounded = all.filter(({ path, least, most }) => !exempt.includes(path) && !(most - least < Infinity));
  expect([...open, ...unbounded].map(({ path }) => path)).toEqual([]);
});

const tiny = (...settings: string[]) =>
  loadConfig(textcraftor, { file: 'configs/shapes.yaml', settings, folder: checkout });

it.each([
  ['seed=4294967296', '"seed" is too big: expected number to be <=4294967295.'],
  ['prompts.limit=1e15', '"prompts.limit" is too big: expected number to be <=10000000000.'],
  ['tuneEncoder.steps=1000000000', '"tuneEncoder.steps" is too big: expected number to be <=10000000.'],
  ['tuneEncoder.warmup=1000000000', '"tuneEncoder.warmup" is too big: expected number to be <=10000000.'],
  ['tuneEncoder.learningRate=1000', '"tuneEncoder.learningRate" is too big: expected number to be <=10.'],
  ['tuneEncoder.rewardWeights={clip: 1.0e+300}', '"tuneEncoder.rewardWeights.clip" is too big'],
  ['evaluate.samplesPerPrompt=1000000', '"evaluate.samplesPerPrompt" is too big: expected number to be <=10000.'],
  ['sampler.steps=2000000', '"sampler.steps" is too big: expected number to be <=1000000.'],
  [
    'baselines.promptEngineering={rewriter: {command: [cat], timeoutSeconds: 3000000}}',
    '"baselines.promptEngineering.rewriter.timeoutSeconds" is too big: expected number to be <=86400.',
  ],
  [`stages.evaluate.maxAge=${'9'.repeat(400)}d`, '"stages.evaluate.maxAge" must be a duration such as 30m, 12h or 7d'],
  ['stages.evaluate.maxAge=40000d', 'above 0 and at most 36525d.'],
  [
    'rollout={prompts: 1000000, samplesPerPrompt: 1000, batch: 1}',
    '"rollout.samplesPerPrompt" makes 1000000000 pictures of 1000000 prompts; at most 10000000 are allowed.',
  ],
  [
    'ablations=[{seed: [1,2,3,4,5,6,7,8,9,10,11], evaluate.steps: [1,2,3,4,5,6,7,8,9,10], evaluate.prompts: [1,2,3,4,5,6,7,8,9,10]}]',
    '"ablations" makes 1100 combinations; at most 1000 are allowed.',
  ],
])('--set %s is refused with the bound', async (setting, message) => {
  await expect(tiny(setting)).rejects.toThrow(
    expect.objectContaining({ name: 'InputError', message: expect.stringContaining(message) }),
  );
});

it('a pipeline of your own has bounds for the seed and the threads, too', () => {
  const schema = z.strictObject(commonSettings('a'));
  expect(() => checkConfig(schema, { seed: -1 }, 'mine')).toThrow('"seed" is too small');
  expect(() => checkConfig(schema, { engine: { threads: 1e6 } }, 'mine')).toThrow('"engine.threads" is too big');
});
