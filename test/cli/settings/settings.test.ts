import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configurationSchema } from '../../../api/settings/configuration-schema.ts';
import { showConfiguration } from '../../../api/settings/show-configuration.ts';
import { formatConfiguration } from '../../../cli/settings/format-configuration.ts';
import { checkConfig, checkout, readYaml } from '../../../pipeline/config/config-file.ts';
import { configSchema } from '../../../pipeline/config/config.ts';
import { parseYaml } from '../../../pipeline/config/yaml.ts';
import { Home } from '../../../pipeline/runs/home.ts';
import { diamond } from '../command.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  additionalProperties?: Schema | boolean;
  description?: string;
}

/** Each key with its schema. */
function keys(schema: Schema, path = ''): [key: string, schema: Schema][] {
  const { properties = {}, items, anyOf = [], oneOf = [], additionalProperties } = schema;
  return [
    ...Object.entries(properties).flatMap(([key, own]): [string, Schema][] => [
      [path + key, own],
      ...keys(own, `${path}${key}.`),
    ]),
    ...[items ?? [], anyOf, oneOf].flat().flatMap((each) => keys(each, path)),
    ...(typeof additionalProperties === 'object' ? keys(additionalProperties, `${path}*.`) : []),
  ];
}

describe('the schema of a configuration', () => {
  it('has a sentence for every key', async () => {
    const all = keys((await configurationSchema()) as Schema);
    expect(all.length).toBeGreaterThan(240);
    expect(all.map(([key]) => key)).toEqual(expect.arrayContaining(['tuneEncoder.joint.lora.rank', 'stages.*.maxAge']));
    for (const [key, { description }] of all) expect(description, key).toMatch(/^\S[^\n]{5,250}\.$/);
  });

  it('takes the shipped configurations, and no other keys or types', async () => {
    const schema = z.fromJSONSchema((await configurationSchema()) as never);
    for (const name of ['tiny', 'sd15', 'paper']) {
      const raw = await readYaml(join(checkout, 'configs', `${name}.yaml`), name);
      expect(schema.safeParse(raw).error, name).toBeUndefined();
      expect(schema.safeParse({ ...(raw as object), sedd: 1 }).success).toBe(false);
      expect(schema.safeParse({ ...(raw as object), seed: '1' }).success).toBe(false);
      expect(schema.safeParse({ ...(raw as object), seed: -1 }).success).toBe(false);
    }
    expect(JSON.stringify(await configurationSchema())).not.toContain('"path":true');
  });

  it('is that of another pipeline, if asked', async () => {
    const { title, properties } = await configurationSchema(diamond[2]);
    expect([title, Object.keys(properties ?? {})]).toEqual([
      'A configuration of diamond',
      expect.arrayContaining(['seed']),
    ]);
  });
});

describe('a shown configuration', () => {
  const show = async (file: string | undefined, ...set: string[]) => {
    const folder = await temporaryFolder();
    return showConfiguration(new Home(join(folder, 'home')), { file, set, folder, hub: { cache: folder } });
  };

  it('has every default, and says which values are from the file and which are set', async () => {
    const { settings, from } = await show(
      'configs/shapes.yaml',
      'seed=3',
      'rewards.clip.weight=7',
      'evaluate.blends=[0.5]',
    );
    expect(settings).toMatchObject({ seed: 3, shard: { rows: 4096 }, evaluate: { blends: [0.5], images: 24 } });
    expect(from).toMatchObject({
      seed: 'set',
      'rewards.0.weight': 'set',
      'rewards.0.model': 'file',
      'evaluate.blends': 'set',
      'evaluate.prompts': 'file',
    });
    expect(Object.keys(from)).not.toContain('shard.rows');
    expect(settings).toMatchObject({ model: 'world/shapes/base' });
  });

  it('is YAML that means the same when it is read again', async () => {
    for (const file of ['configs/tiny.yaml', 'configs/sd15.yaml']) {
      const shown = await show(file, 'tuneEncoder.gradient={type: random}', 'stages={sweep: {maxAge: 7d}}');
      const text = formatConfiguration(shown);
      expect(checkConfig(configSchema, parseYaml(text), file)).toEqual(shown.settings);
      expect(text).toMatch(/^ {4}type: random # set$/m);
      expect(text).toMatch(/^ {2}rows: \d+( # file)?$/m);
    }
  });

  it('does not show the secrets of hooks', async () => {
    const shown = await show(undefined, 'notify=[{webhook: "https://example.org/T0K3N"}]');
    expect(JSON.stringify(shown) + formatConfiguration(shown)).not.toContain('T0K3N');
  });

  it('is refused like that of a run', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'my.yaml'), 'sedd: 1\n');
    await expect(show(join(folder, 'my.yaml'))).rejects.toThrow('unknown key "sedd"; did you mean "seed"?');
  });
});
