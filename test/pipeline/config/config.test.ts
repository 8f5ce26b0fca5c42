import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkout, loadConfig } from '../../../pipeline/config/config-file.ts';
import { worldOf, type Config } from '../../../pipeline/config/config.ts';
import { textcraftor } from '../../../pipeline/textcraftor.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

const tiny = (...settings: string[]): Promise<Config> =>
  loadConfig(textcraftor, { file: 'configs/shapes.yaml', settings, folder: checkout });

/** tiny.yaml with other text for some of its lines. */
async function file(text: string): Promise<{ file: string; folder: string }> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'mine.yaml'), text);
  return { file: 'mine.yaml', folder };
}

describe('a configuration', () => {
  it.each(['configs/tiny.yaml', 'configs/shapes.yaml', 'configs/sd15.yaml'])(
    'that is shipped is valid: %s',
    async (name) => {
      const config = await loadConfig(textcraftor, { file: name, folder: checkout });
      expect(config.rewards.find(({ type }) => type === 'clip-similarity')?.weight).toBeGreaterThan(0);
    },
  );

  it('has defaults, and absolute paths wherever it is read', async () => {
    const config = await loadConfig(textcraftor, { file: 'configs/shapes.yaml', folder: await temporaryFolder() });
    expect(config.model).toBe(join(checkout, 'world/shapes/base'));
    expect(config.prompts).toEqual({ source: 'shapes' });
    expect(config.sweep.blends).toEqual([0, 0.25, 0.5, 0.75, 1]);
  });

  it('finds paths in the folder of the user before those of the checkout', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'prompts.txt'), 'a cat');
    const settings = ['prompts.source=prompts.txt', 'sweep.chooseBy=heldOut'];
    const config = await loadConfig(textcraftor, { file: 'configs/shapes.yaml', settings, folder });
    expect(config.prompts.source).toBe(join(folder, 'prompts.txt'));
  });

  it('has absolute paths in every key for a path, and no other text is changed', async () => {
    const settings = [
      'model=at',
      'prompts.source=at',
      'shard.extends=at',
      'tuneEncoder.startFrom=at',
      'champion={version: 1, encoder: at, unet: at, blend: 1}',
      'filter.blockedFiles=[at]',
      'filter.personalNames=drop',
      'filter.personalNameFiles=[at, at]',
      'filter.blocked=[at]',
      'rewards=[{name: at, type: clip-similarity, model: at, tokenizer: at, weight: 1}, {name: b, type: aesthetic, model: at, head: at, weight: 1}]',
      'heldOut={type: clip-similarity, model: at}',
      'benchmarks=[{name: at, source: at, column: at}, {name: world, source: shapes}, {name: other, source: gallery}]',
      'evaluate.arms=[{name: at, mix: [{encoder: at, weight: 1}]}]',
      'baselines={direct: {pictures: at, steps: 1, batch: 1, learningRate: 1}}',
      'transfer={unets: [{name: at, unet: at}], prompts: 1}',
      'styles={encoders: [{name: at, encoder: at, metric: quality}, {name: b, encoder: tuned, metric: quality}], prompts: 1}',
      'notify=[{command: [./at, at, ./at]}, {command: [at]}, {webhook: "https://a.b/at"}]',
    ];
    const config = await loadConfig(textcraftor, { file: 'configs/shapes.yaml', settings, folder: '/user' });
    const found: string[] = [];
    const look = (value: unknown, key: string): void => {
      if (value === '/user/at') found.push(key);
      else if (typeof value === 'object' && value !== null)
        for (const [name, inner] of Object.entries(value)) look(inner, key === '' ? name : `${key}.${name}`);
    };
    look(config, '');
    expect(found.sort()).toEqual(
      [
        'model',
        'prompts.source',
        'shard.extends',
        'tuneEncoder.startFrom',
        'champion.encoder',
        'champion.unet',
        'filter.blockedFiles.0',
        'filter.personalNameFiles.0',
        'filter.personalNameFiles.1',
        'rewards.0.model',
        'rewards.0.tokenizer',
        'rewards.1.model',
        'rewards.1.head',
        'heldOut.model',
        'benchmarks.0.source',
        'evaluate.arms.0.mix.0.encoder',
        'baselines.direct.pictures',
        'transfer.unets.0.unet',
        'styles.encoders.0.encoder',
        'notify.0.command.0',
      ].sort(),
    );
    expect(config.styles?.encoders[1]?.encoder).toBe('tuned');
    expect(config.benchmarks?.slice(1).map(({ source }) => source)).toEqual(['shapes', 'gallery']);
  });

  it('takes either embedded world wherever it takes one', async () => {
    const settings = [
      'prompts.source=gallery',
      'benchmarks=[{name: own, source: gallery}]',
      'baselines={direct: {pictures: gallery, steps: 1, batch: 1, learningRate: 1}, promptEngineering: {corpus: gallery}}',
      'transfer={unets: [{name: at, unet: at, guide: silhouette}], prompts: 1}',
      'sweep.chooseBy=oracle',
      'registry.gate.base={quality: 0, style.neon: 0}',
    ];
    const config = await loadConfig(textcraftor, { file: 'configs/shapes.yaml', settings, folder: '/user' });
    expect(worldOf(config)).toBe('gallery');
    expect(config.benchmarks![0]!.source).toBe('gallery');
    expect(config.baselines).toMatchObject({
      direct: { pictures: 'gallery' },
      promptEngineering: { corpus: 'gallery' },
    });
    expect(worldOf(await tiny('prompts.source=./gallery'))).toBeUndefined();
  });

  it.each([
    ['/a #b/c', '/a #b/c'],
    ['/a b ', '/a b '],
    ['/a\nb', '/a\nb'],
    ['/100%/$HOME/a[1]', '/100%/$HOME/a[1]'],
    ['"[1]/{a}"', '/u/[1]/{a}'],
    ["'*'", '/u/*'],
  ])('takes a path given by --set literally: %j', async (written, expected) => {
    const settings = [`model=${written}`];
    expect((await loadConfig(textcraftor, { file: 'configs/shapes.yaml', settings, folder: '/u' })).model).toBe(
      expected,
    );
  });

  it('is changed by --set', async () => {
    const config = await tiny(
      'rewards.aesthetic.weight=0',
      'rewards.0.weight=2',
      'sweep.blends=[0, 1]',
      'tuneEncoder.steps=8',
    );
    expect(config.tuneEncoder.steps).toBe(8);
    expect(config.rewards.map(({ weight }) => weight)).toEqual([2, 0, 2]);
    expect(config.sweep.blends).toEqual([0, 1]);
  });

  it('loses a key that --set gives the value null, or none', async () => {
    const before = await tiny();
    expect(before.alarm).toBeDefined();
    for (const setting of ['alarm=null', 'alarm=', 'alarm=~']) {
      const { alarm, ...others } = await tiny(setting);
      expect(alarm).toBeUndefined();
      expect({ alarm: before.alarm, ...others }).toEqual(before);
    }
  });
});

describe('a wrong configuration gets one sentence', () => {
  it.each([
    ['filter.maxtoken=3', 'configs/shapes.yaml: unknown key "filter.maxtoken"; did you mean "filter.maxTokens"?'],
    ['rewards.clip.wieght=1', 'unknown key "rewards.0.wieght"; did you mean "rewards.0.weight"?'],
    ['tune=1', 'unknown key "tune"'],
    ['stages.evalute.cache=off', '"stages.evalute" is not a stage; did you mean "stages.evaluate"?'],
    ['heldOut.modell=x', 'unknown key "heldOut.modell"; did you mean "heldOut.model"?'],
    ['rewards.clop.weight=1', '--set rewards.clop.weight=1: no item is named "clop"; did you mean "clip"?'],
    ['seed.part=1', '--set seed.part=1: "seed" is a value, so it has no keys.'],
    ['seed', '--set seed: expected KEY=VALUE, such as tuneEncoder.steps=20.'],
    ['seed=[', '"[" is not a YAML value; quote it.'],
    ['sampler.steps=many', '"sampler.steps" is wrong: expected number, received string.'],
    ['sampler.steps=0', '"sampler.steps" is too small: expected number to be >=1.'],
    ['sampler.gradientSteps=9', '"sampler.gradientSteps" must be at most sampler.steps (8).'],
    ['shard.test=0.95', '"shard" leaves no prompts for training'],
    ['rewards.preference.name=clip', '"rewards" must have distinct names, got clip, aesthetic, clip.'],
    ['model=null', '"model" is missing.'],
    ['prompts.colum=null', '--set prompts.colum=null: there is no "colum" to remove'],
    ['heldOut.modle=', '--set heldOut.modle=: there is no "modle" to remove; did you mean "model"?'],
    ['tuneUnet.steps=null', '--set tuneUnet.steps=null: there is no "tuneUnet" to remove'],
    ['rewards.clip=null', '--set rewards.clip=null: an item of a list cannot be removed; give the list without it.'],
    ['alarm=null alarm.similarity=2', '--set alarm.similarity=2: contradicts --set alarm=null'],
    ['sweep.chooseBy=luck', '"sweep.chooseBy" is wrong: expected one of "auto"|"oracle"|"heldOut"|"rewards".'],
    [
      'prompts.source=mine.txt sweep.chooseBy=oracle',
      '"sweep.chooseBy" is oracle, which only prompts of an embedded world (shapes, gallery, gallery-hard) have.',
    ],
  ])('--set %s', async (setting, message) => {
    await expect(tiny(...setting.split(' '))).rejects.toThrow(
      expect.objectContaining({ name: 'InputError', message: expect.stringContaining(message) }),
    );
  });

  it('that names a missing key', async () => {
    await expect(loadConfig(textcraftor, await file('model: m\n'))).rejects.toThrow('mine.yaml: "prompts" is missing.');
  });

  it('that names the line of what is not YAML', async () => {
    await expect(loadConfig(textcraftor, await file('name: a\nseed: [1\n'))).rejects.toThrow(
      /^mine.yaml, line 3: not YAML/,
    );
  });

  it('that names a missing file', async () => {
    const folder = await temporaryFolder();
    await expect(loadConfig(textcraftor, { file: 'none.yaml', folder })).rejects.toThrow(
      'Configuration none.yaml: there is no such file.',
    );
  });
});
