import { expect, it } from 'vitest';
import { EXACT_METRICS } from '../../../evaluation/evaluation-names.ts';
import { checkConfig, checkout, loadConfig, readYaml } from '../../../pipeline/config/config-file.ts';
import { applySettings } from '../../../pipeline/config/config-settings.ts';
import { configSchema } from '../../../pipeline/config/config.ts';
import { gateBounds, gateSchema } from '../../../pipeline/config/sections/gate-settings.ts';
import { textcraftor } from '../../../pipeline/textcraftor.ts';
import { knownWorld } from '../../../world/known/known-worlds.ts';
import { WORLD_NAMES } from '../../../world/scenes/common/world-names.ts';

const tiny = (...settings: string[]) =>
  loadConfig(textcraftor, { file: 'configs/shapes.yaml', settings, folder: checkout });

it('a gate knows the metrics of the exact judges', () => {
  const metrics = new Set(WORLD_NAMES.flatMap((name) => knownWorld(name).metrics));
  expect([...EXACT_METRICS].sort()).toEqual([...metrics].sort());
});

it.each([
  ['base={oracle.shap: 0}', '"registry.gate.base" bounds "oracle.shap", which is not a metric; the metrics are'],
  ['champion={diversity: 0}', '"registry.gate.champion" bounds "diversity", which is not a metric'],
  ['base={oracle: 1}', '"registry.gate.base" bounds "oracle" by 1, which no encoder is above'],
  ['base={style.pastel: 0}', '"registry.gate.base" bounds "style.pastel", which is not a metric'],
  ['base={quality: 1}', '"registry.gate.base" bounds "quality" by 1, which no encoder is above'],
  ['champion={oracle.color: 2.5}', '"registry.gate.champion" bounds "oracle.color" by 2.5'],
  ['base={}', '"registry.gate.base" has no bounds, so nothing would pass it'],
  ['champion={}', '"registry.gate.champion" has no bounds'],
  ['base={clip: .nan}', '"registry.gate.base.clip" is wrong'],
  ['base={clip: .inf}', '"registry.gate.base.clip" is wrong'],
  ['arms=[chosen, chosen]', '"registry.gate.arms" names an arm twice'],
  ['arms=[base]', '"registry.gate.arms.0" is wrong: expected one of "chosen"|"exported"'],
  ['diversity=11', '"registry.gate.diversity" is too big: expected number to be <=10'],
])('a gate that nothing passes, or that names what is not there, is refused: %s', async (setting, message) => {
  await expect(tiny(`registry.gate.${setting}`)).rejects.toThrow(
    expect.objectContaining({ name: 'InputError', message: expect.stringContaining(message) }),
  );
});

it('bounds on what this configuration does not measure are refused', async () => {
  const { heldOut: _, ...raw } = (await readYaml(`${checkout}configs/shapes.yaml`, 'shapes')) as Record<
    string,
    unknown
  >;
  const check = (...settings: string[]) => checkConfig(configSchema, applySettings(raw, settings), 'mine');
  expect(() => check('registry.gate.base={heldOut: 0, clip: 0}')).toThrow(
    'mine: "registry.gate.base" bounds "heldOut", but no heldOut reward is configured: add one, or leave out the bound.',
  );
  expect(() => check('registry.gate.champion={heldOut: 0}')).toThrow('no heldOut reward is configured');
  expect(() => check('registry.gate.diversity=0.8', 'evaluate.samplesPerPrompt=1')).toThrow(
    '"registry.gate.diversity" is never measured: that takes evaluate.samplesPerPrompt of 2 or more',
  );
  expect(() =>
    check('registry.gate.diversity=0.8', 'rewards=[{name: a, type: image-reward, model: a, weight: 1}]'),
  ).toThrow('a reward that embeds pictures');
  // The defaults ask for what is there.
  expect(check('evaluate.samplesPerPrompt=1').registry.gate).toEqual({ arms: ['chosen', 'exported'] });
  expect(check('registry.gate.base={clip: 0, oracle.shape: -0.1}', 'registry.gate.diversity=0.8').name).toBe('shapes');
});

it('bounds that are left out have defaults', () => {
  expect(gateBounds(gateSchema.parse({ base: { clip: 1 } }))).toEqual({
    base: { clip: 1 },
    champion: { heldOut: 0, oracle: -0.02 },
    diversity: 0.9,
  });
});
