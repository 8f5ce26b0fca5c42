import { expect, it } from 'vitest';
import { checkout, loadConfig } from '../../../pipeline/config/config-file.ts';
import { textcraftor } from '../../../pipeline/textcraftor.ts';

const neon = '{name: neon, encoder: tuned, metric: style.neon}';
const solid = '{name: 3d, encoder: some/encoder, metric: style.3d}';
const load = (rest: string, encoders = `${neon}, ${solid}`) =>
  loadConfig(textcraftor, {
    file: 'configs/tiny.yaml',
    settings: [`styles={encoders: [${encoders}], prompts: 9${rest === '' ? '' : `, ${rest}`}}`],
    folder: checkout,
  });

it('styles have weights, one picture per prompt and no grid unless they say otherwise', async () => {
  expect((await load('')).styles).toEqual({
    encoders: [
      { name: 'neon', encoder: 'tuned', metric: 'style.neon' },
      { name: '3d', encoder: `${checkout}some/encoder`, metric: 'style.3d' },
    ],
    weights: [0, 0.25, 0.5, 0.75, 1],
    mixes: [],
    prompts: 9,
    samplesPerPrompt: 1,
  });
  const { styles } = await load('mixes: [{ neon: 0.5, 3d: -1 }], grid: {}');
  expect(styles).toMatchObject({ mixes: [{ neon: 0.5, '3d': -1 }], grid: { prompts: 2, steps: 5 } });
});

it.each([
  ['mixes: [{neon: 0.5}, {neon: 0.5, gold: 1}]', '"styles.mixes.1" has a weight for "gold"', 'the names are neon, 3d'],
  ['mixes: [{neon: 11}]', '"styles.mixes.0.neon" is too big', '<=10'],
  ['mixes: [{neon: -11}]', '"styles.mixes.0.neon" is too small', '>=-10'],
  ['mixes: [{neon: much}]', '"styles.mixes.0.neon" is wrong', 'expected number'],
  ['mixes: [{}]', '"styles.mixes.0" gives no encoder a weight', 'name one'],
  ['mixes: [{neon: 0}]', '"styles.mixes.0" gives no encoder a weight', 'name one'],
  [
    'mixes: [{neon: 1, 3d: 0.5}, {3d: 0.5, neon: 1}]',
    '"styles.mixes" has the mix neon=1,3d=0.5 twice',
    'leave one out',
  ],
  ['weights: [0, 1, 1.5]', '"styles.weights.2" is too big', '<=1.25'],
  ['weights: [0, -0.5, 1]', '"styles.weights.1" is too small', '>=0'],
  ['weights: [0.5, 1]', '"styles.weights" must have 0', 'and 1'],
  ['weights: [0, 1, 0.5, 0.5]', '"styles.weights" has a weight twice', ''],
  ['grid: {steps: 1}', '"styles.grid.steps" is too small', ''],
  ['grid: {prompts: 0}', '"styles.grid.prompts" is too small', ''],
  ['grid: {columns: 3}', 'unknown key "styles.grid.columns"', ''],
  ['mix: []', 'unknown key "styles.mix"; did you mean "styles.mixes"?', ''],
])('a configuration refuses styles with %s', async (rest, message, more) => {
  await expect(load(rest)).rejects.toThrow(
    expect.objectContaining({ name: 'InputError', message: expect.stringContaining(message) }),
  );
  if (more) await expect(load(rest)).rejects.toThrow(more);
});

it.each([
  [`${neon}, ${neon}`, '"styles.encoders" has the name "neon" twice'],
  [
    '{name: neon, encoder: tuned, metric: style.gold}',
    '"styles.encoders.0.metric" is "style.gold", which is not measured',
  ],
  ['{name: neon, encoder: tuned, metric: diversity}', 'is "diversity", which is not measured; the metrics are clip,'],
  ['{name: "a=1", encoder: tuned, metric: clip}', '"styles.encoders.0.name" must be a word'],
  ['{name: neon, encoder: "", metric: clip}', '"styles.encoders.0.encoder"'],
  ['{name: neon, metric: clip}', '"styles.encoders.0.encoder" is missing'],
  ['{name: neon, encoder: tuned}', '"styles.encoders.0.metric" is missing'],
  ['', '"styles.encoders" is too small'],
])('a configuration refuses the encoders [%s]', async (encoders, message) => {
  await expect(load('', encoders)).rejects.toThrow(
    expect.objectContaining({ name: 'InputError', message: expect.stringContaining(message) }),
  );
});

it('refuses a grid of one encoder, and more pictures than a stage may make', async () => {
  await expect(load('grid: {}', neon)).rejects.toThrow('"styles.grid" has no effect, since it takes two encoders');
  await expect(
    load('samplesPerPrompt: 10000, prompts: 5000'.replace('prompts: 5000', 'mixes: []')),
  ).resolves.toBeDefined();
  const many = { file: 'configs/tiny.yaml', folder: checkout };
  const settings = [`styles={encoders: [${neon}], prompts: 5000, samplesPerPrompt: 10000}`];
  await expect(loadConfig(textcraftor, { ...many, settings })).rejects.toThrow(
    '"styles.samplesPerPrompt" makes 50000000 pictures of 5000 prompts',
  );
});
