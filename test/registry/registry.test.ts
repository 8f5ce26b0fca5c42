import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { NamedComparison } from '../../evaluation/results.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { missedBounds } from '../../registry/gate.ts';
import { gateSchema } from '../../pipeline/config/sections/gate-settings.ts';
import { protectedByName } from '../../registry/protected.ts';
import { resolveVersion } from '../../registry/reference.ts';
import { Registry } from '../../registry/versions.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

const gate = gateSchema.parse({});
/** Comparisons of the chosen and the exported encoder, or of one of them. */
const against = (rival: string, lows: Record<string, number>, arms = ['chosen', 'exported']): NamedComparison[] =>
  arms.flatMap((arm) => ofArm(arm, arm === 'exported' && rival === 'champion' ? 'champion-exported' : rival, lows));
const ofArm = (arm: string, rival: string, lows: Record<string, number>): NamedComparison[] =>
  Object.entries(lows).map(([metric, low]) => ({
    metric,
    arm,
    against: rival,
    n: 100,
    mean: low + 0.1,
    ci95: [low, low + 0.2],
    winRate: 0.6,
  }));
const better = against('base', { heldOut: 0.4, oracle: 0.01, clip: -1 });

const draft = (digest: string, comparisons = better, champion?: number) => ({
  name: 'tiny',
  run: `run-${digest}`,
  config: 'c',
  lineage: [],
  model: '/models/base',
  gate,
  comparisons,
  champion,
  artifact: { uri: `file:///${digest}`, sha256: digest, bytes: 1 },
  encoder: { sha256: `encoder-${digest}`, step: 40, blend: 0.5 },
  exported: { sha256: `exported-${digest}`, step: 40, weight: 0.25 },
});

let home: Home;
let registry: Registry;
beforeEach(async () => {
  home = new Home(await temporaryFolder());
  registry = new Registry(home);
});

/** Registers and promotes an encoder that was compared with `champion`. */
async function intoProduction(digest: string, champion?: number): Promise<number> {
  const challenge = champion === undefined ? [] : against('champion', { heldOut: 0.1, oracle: 0 });
  const { version } = await registry.register(draft(digest, [...better, ...challenge], champion));
  expect(await registry.promote('tiny', version)).toMatchObject({ promoted: true, refused: [] });
  return version;
}
const production = async () => (await registry.aliases('tiny')).current['production'];

describe('the registry', () => {
  it('numbers encoders and keeps everything that is known about them', async () => {
    await registry.register(draft('a'));
    const second = await registry.register(draft('b'));
    expect(second).toMatchObject({ ...draft('b'), champion: undefined, version: 2 });
    expect(await registry.version('tiny', 2)).toEqual(JSON.parse(JSON.stringify(second)));
    expect((await registry.aliases('tiny')).current).toEqual({ candidate: 2 });
    expect((await protectedByName(home)).protectedDigests).toEqual(new Set(['a', 'b']));
  });

  it('gives an artifact the same number when it is registered again', async () => {
    const first = await registry.register(draft('a'));
    await registry.register(draft('b'));
    const again = await Promise.all([1, 2].map(() => new Registry(home).register({ ...draft('a'), run: 'other' })));
    expect(again.map(({ version }) => version)).toEqual([1, 1]);
    expect(await registry.version('tiny', 1)).toEqual(JSON.parse(JSON.stringify(first)));
    expect((await registry.aliases('tiny')).current['candidate']).toBe(2);
  });

  it('gives concurrent registrations different numbers', async () => {
    const all = await Promise.all(['a', 'b', 'c'].map((digest) => new Registry(home).register(draft(digest))));
    expect(all.map(({ version }) => version).toSorted()).toEqual([1, 2, 3]);
    expect((await registry.aliases('tiny')).current).toEqual({ candidate: 3 });
  });

  it('refuses a version that misses a bound, with the numbers, unless it is forced', async () => {
    const chosen = against('base', { heldOut: -0.05, oracle: 0.02 }, ['chosen']);
    await registry.register(draft('a', [...chosen, ...against('base', { heldOut: 1 }, ['exported'])]));
    const { promoted, refused } = await registry.promote('tiny', 1);
    expect(promoted).toBe(false);
    expect(refused).toEqual([
      'heldOut against the base: +0.050 (95 % interval -0.050 to +0.150, 100 prompts); its low end must be above 0.',
    ]);
    expect(await production()).toBeUndefined();
    expect(await registry.promote('tiny', 1, true)).toMatchObject({ promoted: true, refused });
    expect((await registry.aliases('tiny')).history.at(-1)).toMatchObject({ kind: 'promote', to: 1, forced: refused });
  });

  it('promotes only versions that were compared with the one in production', async () => {
    await intoProduction('a');
    await registry.register(draft('b'));
    expect((await registry.promote('tiny', 2)).refused).toEqual([
      'Version 1 is in production, and this one was compared with no other version.',
    ]);
    const worse = against('champion', { heldOut: -0.3, oracle: -0.1 }, ['chosen']);
    await registry.register(draft('c', [...better, ...worse, ...against('champion', { heldOut: 1 }, ['exported'])], 1));
    expect((await registry.promote('tiny', 3)).refused).toEqual([
      expect.stringMatching(/^heldOut against the champion: -0\.200 \(95 % interval -0\.300 to -0\.100/),
      expect.stringMatching(/^oracle against the champion: /),
    ]);
    expect(await intoProduction('d', 1)).toBe(4);
    expect((await registry.promote('tiny', 3)).refused).toContain(
      'Version 4 is in production, and this one was compared with version 1.',
    );
    expect(await production()).toBe(4);
  });

  it('rolls back version by version, and does not promote a rolled-back version by itself', async () => {
    await intoProduction('a');
    await intoProduction('b', 1);
    await intoProduction('c', 2);
    expect(await registry.rollback('tiny')).toMatchObject({ from: 3, to: 2 });
    expect(await registry.rollback('tiny')).toMatchObject({ from: 2, to: 1 });
    await expect(registry.rollback('tiny')).rejects.toThrow('nothing to go back to');
    expect((await registry.promote('tiny', 2)).refused).toEqual(['It was in production before, and was rolled back.']);
    expect(await intoProduction('d', 1)).toBe(4);
    expect(await registry.rollback('tiny')).toMatchObject({ from: 4, to: 1 });
  });

  it('has aliases of the user beside its own', async () => {
    await registry.register(draft('a'));
    await registry.alias('tiny', 'blue', 1);
    expect((await resolveVersion(registry, 'tiny@blue')).version).toBe(1);
    await expect(registry.alias('tiny', 'production', 1)).rejects.toThrow('use registry promote');
    await expect(registry.alias('tiny', 'green', 9)).rejects.toThrow('tiny has no version 9');
    await expect(registry.alias('tiny', 'No', 1)).rejects.toThrow('got "No"');
  });

  it('leaves whole files only', async () => {
    await registry.register(draft('a'));
    const text = await readFile(join(home.registry, 'tiny', 'versions', '000001.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ version: 1 });
  });

  it('refuses changed records by name', async () => {
    await registry.register(draft('a'));
    const path = join(home.registry, 'tiny', 'versions', '000001.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('"version": 1', '"version": 2'));
    await expect(registry.versions('tiny')).rejects.toThrow(`${path} has other content than was written; restore it`);
    const aliases = join(home.registry, 'tiny', 'aliases.json');
    await writeFile(aliases, '');
    await expect(registry.aliases('tiny')).rejects.toThrow(`${aliases} is empty; restore it`);
  });
});

describe('a reference', () => {
  it('is a number or an alias, with the name or, if there is only one name, without', async () => {
    await intoProduction('a');
    await registry.register(draft('b'));
    for (const [reference, version] of Object.entries({
      'tiny@1': 1,
      '2': 2,
      tiny: 1,
      production: 1,
      candidate: 2,
      'tiny@candidate': 2,
    }))
      expect((await resolveVersion(registry, reference)).version, reference).toBe(version);
  });

  it('that is unknown is answered with the known ones', async () => {
    await expect(resolveVersion(registry, 'production')).rejects.toThrow('nothing is registered yet');
    await registry.register(draft('a'));
    await expect(resolveVersion(registry, 'production')).rejects.toThrow('tiny has no production: it has candidate');
    await expect(resolveVersion(registry, 'tinny@1')).rejects.toThrow('did you mean "tiny"?');
    await registry.register({ ...draft('b'), name: 'other' });
    await expect(resolveVersion(registry, 'candidate')).rejects.toThrow('say which, such as other@candidate');
  });
});

describe('a gate', () => {
  it('is not passed when no deciding metric was measured', () => {
    expect(missedBounds(gate, { comparisons: against('base', { clip: 3 }) }, ['base'])).toEqual([
      'None of the deciding metrics (heldOut, oracle) was measured against the base.',
      'None of the deciding metrics (heldOut, oracle) was measured as exported against the base.',
    ]);
    // Nor by a version from before encoders were exported.
    const before = { comparisons: against('base', { heldOut: 1 }, ['chosen']) };
    expect(missedBounds(gate, before, ['base'])).toEqual([expect.stringContaining('was measured as exported')]);
  });

  it('also judges the exported encoder, against the champion’s exported one', () => {
    const rivals = ['base', 'champion'] as const;
    const chosen = [...against('base', { heldOut: 1 }, ['chosen']), ...ofArm('chosen', 'champion', { heldOut: 1 })];
    const exported = (base: number, champion: number) => [
      ...chosen,
      ...ofArm('exported', 'base', { heldOut: base }),
      ...ofArm('exported', 'champion-exported', { heldOut: champion }),
    ];
    expect(missedBounds(gate, { comparisons: exported(0.1, 0.1) }, rivals)).toEqual([]);
    expect(missedBounds(gate, { comparisons: exported(-0.2, 0.1) }, rivals)).toEqual([
      'heldOut as exported against the base: -0.100 (95 % interval -0.200 to +0.000, 100 prompts); its low end must be above 0.',
    ]);
    expect(missedBounds(gate, { comparisons: exported(0.1, -0.2) }, rivals)).toEqual([
      expect.stringMatching(/^heldOut as exported against the champion: /),
    ]);
    const same = { sha256: '', step: 1, weight: 1, diversity: { base: 0.5 } };
    expect(missedBounds(gate, { comparisons: exported(0.1, 0.1), exported: same }, rivals)).toEqual([
      expect.stringMatching(/^diversity as exported against the base: .* differ 50 % as much/),
    ]);
    expect(missedBounds(gate, { comparisons: exported(0.1, 0.1), exported: null }, rivals)).toEqual([
      expect.stringContaining('set registry.gate.arms to [chosen]'),
    ]);
    const last = gateSchema.parse({ arms: ['chosen'] });
    expect(missedBounds(last, { comparisons: exported(-1, -1), exported: null }, rivals)).toEqual([]);
  });

  it('checks every metric that it names and no other', () => {
    const strict = gateSchema.parse({ base: { diversity: -0.1 }, arms: ['chosen'] });
    expect(missedBounds(strict, { comparisons: against('base', { diversity: -0.05, heldOut: -1 }) }, ['base'])).toEqual(
      [],
    );
    expect(missedBounds(strict, { comparisons: against('base', { diversity: -0.2 }) }, ['base'])).toHaveLength(1);
  });

  it('requires nine tenths of the diversity of the pictures of a prompt, if that was measured', async () => {
    const rivals = ['base', 'champion'] as const;
    const comparisons = [...better, ...against('champion', { heldOut: 0.1 })];
    const missed = (diversity: Record<string, number>) => missedBounds(gate, { comparisons, diversity }, rivals);
    expect(missed({})).toEqual([]);
    expect(missed({ base: 0.9, champion: 1.3 })).toEqual([]);
    expect(missed({ base: 0.95, champion: 0.894 })).toEqual([
      'diversity against the champion: the pictures of a prompt differ 89 % as much; it must be 90 % at least.',
    ]);
    expect(missed({ base: 0.5 })).toHaveLength(1);
    const loose = gateSchema.parse({ diversity: 0.4 });
    expect(missedBounds(loose, { comparisons, diversity: { base: 0.5 } }, rivals)).toEqual([]);

    const { version } = await registry.register({ ...draft('same'), diversity: { base: 0.6 } });
    expect(await registry.promote('tiny', version)).toMatchObject({
      promoted: false,
      refused: [expect.stringContaining('differ 60 % as much')],
    });
  });
});
