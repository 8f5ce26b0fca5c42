import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applySettings } from '../../../pipeline/config/config-settings.ts';
import { readYaml } from '../../../pipeline/config/config-file.ts';
import { parseYaml } from '../../../pipeline/config/yaml.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

async function read(content: string | Uint8Array): Promise<unknown> {
  const path = join(await temporaryFolder(), 'mine.yaml');
  await writeFile(path, content);
  return readYaml(path, 'mine.yaml');
}

const utf16 = (text: string, mark: boolean): Buffer => Buffer.from(`${mark ? '\ufeff' : ''}${text}`, 'utf16le');

describe('a YAML file', () => {
  it('is read in UTF-8 with and without a mark, and in UTF-16 with one', async () => {
    expect(await read('name: ü')).toEqual({ name: 'ü' });
    expect(await read('\ufeffname: ü')).toEqual({ name: 'ü' });
    expect(await read(utf16('name: ü', true))).toEqual({ name: 'ü' });
    expect(await read(utf16('name: ü', true).swap16())).toEqual({ name: 'ü' });
  });

  it.each([
    ['UTF-16 without a mark', utf16('name: a', false)],
    ['bytes that are not UTF-8', Buffer.from([0x6e, 0x3a, 0x20, 0xff])],
  ])('is refused by name in %s', async (_, content) => {
    await expect(read(content)).rejects.toThrow(
      'Configuration mine.yaml: is neither UTF-8 nor UTF-16 with a byte order mark; save it as UTF-8.',
    );
  });

  it('merges with <<', () => {
    const text = 'base: &b {steps: 1, batch: 2}\ntune: {<<: *b, steps: 3}';
    expect(parseYaml(text)).toEqual({ base: { steps: 1, batch: 2 }, tune: { batch: 2, steps: 3 } });
  });

  it.each([
    [
      'aliases that multiply',
      Array.from(
        { length: 9 },
        (_, i) =>
          `a${i}: &a${i} [${
            i === 0
              ? '1'
              : Array(9)
                  .fill(`*a${i - 1}`)
                  .join(',')
          }]`,
      ).join('\n'),
      'aliases (*name)',
    ],
    ['an alias of nothing', 'a: *b', 'Unresolved alias'],
    ['a tag', 'a: !!js/function 1', 'not YAML'],
    ['a key twice', 'a: 1\na: 2', 'Map keys must be unique'],
    ['two documents', 'a: 1\n---\nb: 2', 'not YAML'],
    ['a prototype', 'tune: {__proto__: {steps: 1}}', '"tune.__proto__" cannot be a key of a configuration.'],
    ['a constructor', 'constructor: {prototype: {x: 1}}', '"constructor" cannot be a key of a configuration.'],
  ])('is refused in a sentence with %s', async (_, text, message) => {
    const refused = read(text);
    await expect(refused).rejects.toThrow(expect.objectContaining({ name: 'InputError' }));
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(/^mine\.yaml(, line \d+)?: /);
  });

  it('is refused when it is nested without end', async () => {
    await expect(read('['.repeat(100_000))).rejects.toThrow(/^mine\.yaml.*(not YAML|nested too deeply)/);
  });

  it('has no -0', () => {
    expect(Object.is((parseYaml('a: -0') as { a: number }).a, 0)).toBe(true);
  });
});

describe('--set', () => {
  const raw = { seed: 1, rewards: [{ name: 'clip', weight: 1 }], empty: [] };

  it.each([
    '__proto__.x=1',
    'constructor.prototype.x=1',
    'rewards.__proto__.x=1',
    'rewards.clip.__proto__=1',
    'seed.constructor=1',
    'a={__proto__: {x: 1}}',
  ])('%s touches no prototype', (setting) => {
    expect(() => applySettings(raw, [setting])).toThrow(expect.objectContaining({ name: 'InputError' }));
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it.each([
    ['=1', 'expected KEY=VALUE'],
    ['seed', 'expected KEY=VALUE'],
    ['a..b=1', 'expected KEY=VALUE'],
    ['.a=1', 'expected KEY=VALUE'],
    ['seed.part=1', '"seed" is a value, so it has no keys.'],
    ['toString.x.y=1.toString', undefined],
    ['rewards.7.weight=1', 'there is no item 7: the list has 1, counted from 0.'],
    ['empty.first=1', 'there is no item first: the list has 0, counted from 0.'],
    ['rewards.clop.weight=1', 'no item is named "clop"; did you mean "clip"?'],
    [`seed=[${'a'.repeat(5000)}`, 'is not a YAML value; quote it.'],
  ])('%s', (setting, message) => {
    if (message === undefined) return expect(applySettings(raw, [setting])).toMatchObject({ toString: { x: {} } });
    expect(() => applySettings(raw, [setting])).toThrow(message);
    try {
      applySettings(raw, [setting]);
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(500);
    }
  });

  it.each([
    [['seed=1', 'seed=2'], '--set seed=2: contradicts --set seed=1, which is given too; give one of them.'],
    [['a.b=1', 'a={b: 2}'], '--set a={b: 2}: contradicts --set a.b=1'],
    [['a.b=1', 'a={c: 1}'], '--set a={c: 1}: contradicts --set a.b=1'],
    [['a={b: 1, c: 2}', 'a.b=2'], '--set a.b=2: contradicts --set a={b: 1, c: 2}'],
    [
      ['rewards.clip.weight=1', 'rewards.0.weight=2'],
      '--set rewards.0.weight=2: contradicts --set rewards.clip.weight=1',
    ],
    [['rewards.clip.weight=3', 'rewards=[]'], '--set rewards=[]: contradicts --set rewards.clip.weight=3'],
    [['seed=1', 'b=1', 'seed=1', 'seed=3'], '--set seed=3: contradicts --set seed=1'],
    [['x.b.c=1', 'x=2'], '--set x=2: contradicts --set x.b.c=1'],
  ])('that contradict each other are refused by name: %j', (settings, message) => {
    expect(() => applySettings({ ...raw, a: { b: 0 } }, settings)).toThrow(
      expect.objectContaining({ name: 'InputError', message: expect.stringContaining(message) }),
    );
  });

  it.each([
    [['seed=2', 'seed=2'], { seed: 2 }],
    [['a={b: 1}', 'a.c=2'], { a: { b: 1, c: 2 } }],
    [['a.c=2', 'a={c: 2, b: 1}'], { a: { b: 1, c: 2 } }],
    [['rewards.clip.name=other', 'rewards.other.weight=5'], { rewards: [{ name: 'other', weight: 5 }] }],
    [['rewards=[{name: a}]', 'rewards.a.weight=2'], { rewards: [{ name: 'a', weight: 2 }] }],
  ])('that say the same, or more, are taken: %j', (settings, expected) => {
    expect(applySettings(raw, settings)).toMatchObject(expected);
  });

  it('cannot set a key in a file that holds a single value', () => {
    expect(() => applySettings('text', ['seed=1'])).toThrow('the configuration is a single value and has no keys.');
  });
});
