import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';
import { ESLint, Linter } from 'eslint';
import { describe, expect, it } from 'vitest';
import configuration from '../../.dependency-cruiser.mjs';
import { layoutFaults } from '../../scripts/lint/layout.mjs';
import { most, mostRoots, rooms } from '../../scripts/lint/rooms.mjs';
import { sourceFolders } from '../../scripts/lint/source-files.mjs';
import { temporaryFolder } from '../setup/temporary-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Makes a checkout with these files and the packages of this one. */
async function checkout(files: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Returns the rules that these files break, with the two files of each break. */
async function broken(files: Record<string, string>): Promise<string[]> {
  const folder = await checkout(files);
  const { cache: _, tsConfig: __, ...options } = configuration.options!;
  const { output } = await cruise(
    [...new Set(Object.keys(files).map((path) => path.split('/')[0]!))],
    { ...options, baseDir: folder, validate: true, ruleSet: { forbidden: configuration.forbidden! } },
    options.enhancedResolveOptions as Record<string, unknown>,
  );
  if (typeof output === 'string') throw new Error(output);
  return output.summary.violations.map(
    ({ rule, from, to }) => `${rule.name}: ${from} > ${to.replace(/.*node_modules\//, '')}`,
  );
}

describe('the table of imports', () => {
  it('is the one in docs/architecture.md', async () => {
    const text = await readFile(join(root, 'docs/architecture.md'), 'utf8');
    const rows = [...text.matchAll(/^\| `([a-z/]+)\/` *\|[^|]*\|([^|]*)\|$/gm)];
    const told = rows.map(([, room, may = '']) => [room, [...may.matchAll(/`([^`]+)`/g)].map(([, name]) => name)]);
    const all = Object.keys(rooms).filter((room) => room !== 'cli');
    expect(Object.fromEntries(told.map(([room, may]) => [room, new Set(may)]))).toEqual(
      Object.fromEntries([...all.map((room) => [room, new Set(rooms[room])]), ['cli', new Set()]]),
    );
  });

  it.each<[string, Record<string, string>, string[]]>([
    [
      'upwards',
      {
        'engine/a.ts': "import { b } from '../models/b.ts'; export const a = b;",
        'models/b.ts': 'export const b = 1;',
      },
      ['imports-of-engine: engine/a.ts > models/b.ts'],
    ],
    [
      'that is a type only, upwards',
      {
        'engine/a.ts': "import type { B } from '../models/b.ts'; export type A = B;",
        'models/b.ts': 'export type B = 1;',
      },
      ['imports-of-engine: engine/a.ts > models/b.ts'],
    ],
    [
      'that is dynamic, upwards',
      { 'rewards/a.ts': "export const a = () => import('../cli/b.ts');", 'cli/b.ts': 'export const b = 1;' },
      ['imports-of-rewards: rewards/a.ts > cli/b.ts'],
    ],
    [
      'of a value where types are allowed',
      {
        'pipeline/a.ts': "import { b } from '../training/b.ts'; export const a = b;",
        'training/b.ts': 'export const b = 1;',
      },
      ['values-for-pipeline: pipeline/a.ts > training/b.ts'],
    ],
    [
      'of a type where types are allowed',
      {
        'pipeline/a.ts': "import type { B } from '../training/b.ts'; export type A = B;",
        'training/b.ts': 'export type B = 1;',
      },
      [],
    ],
    [
      "of a stage's types",
      {
        'datasets/a.ts': "import type { Stage } from '../pipeline/stage.ts'; export type A = Stage;",
        'pipeline/stage.ts': 'export type Stage = 1;',
      },
      [],
    ],
    [
      'of the rest of the pipeline',
      {
        'datasets/a.ts': "import type { B } from '../pipeline/plan.ts'; export type A = B;",
        'pipeline/plan.ts': 'export type B = 1;',
      },
      ['imports-of-datasets: datasets/a.ts > pipeline/plan.ts'],
    ],
    [
      'of a vocabulary',
      {
        'pipeline/a.ts': "import { names } from '../rewards/reward-names.ts'; export const a = names;",
        'rewards/reward-names.ts': 'export const names = [];',
      },
      [],
    ],
    [
      'by a vocabulary',
      {
        'rewards/reward-names.ts':
          "import type { T } from './b.ts'; import { sep } from 'node:path'; import { b } from './b.ts'; export * from '../engine/more-names.ts'; export const a: T[] = [b, sep];",
        'rewards/b.ts': "export type T = string; export const b = '';",
        'engine/more-names.ts': "import type { C } from './c.ts'; export const more: C[] = [];",
        'engine/c.ts': 'export type C = 1;',
      },
      [
        'vocabularies-are-lists: rewards/reward-names.ts > path',
        'vocabularies-are-lists: rewards/reward-names.ts > rewards/b.ts',
      ],
    ],
    [
      'of types in a circle',
      {
        'common/a.ts': "import type { B } from './b.ts'; export type A = B[];",
        'common/b.ts': "import type { A } from './a.ts'; export type B = A[];",
      },
      ['circle: common/a.ts > common/b.ts'],
    ],
    [
      'of Temporal by what executes stages',
      { 'activities/execution/a.ts': "export * from '@temporalio/activity';" },
      ['temporal-stays-in-its-rooms: activities/execution/a.ts > @temporalio/activity/lib/index.js'],
    ],
    [
      'of the file system by a workflow',
      { 'workflows/a.ts': "export { readFile } from 'node:fs/promises';" },
      ['workflows-are-replayed: workflows/a.ts > fs/promises'],
    ],
    [
      'of the command line by a test of something else, or by a measurement',
      {
        'test/registry/a.test.ts': "export * from '../../cli/b.ts';",
        'test/cli/a.test.ts': "export * from '../../cli/b.ts';",
        'bench/a.ts': "export * from '../cli/b.ts';",
        'cli/b.ts': 'export const b = 1;',
      },
      [
        'command-line-is-tested-in-its-folder: bench/a.ts > cli/b.ts',
        'command-line-is-tested-in-its-folder: test/registry/a.test.ts > cli/b.ts',
      ],
    ],
    ['of a missing file', { 'common/a.ts': "export * from './b.ts';" }, ['unresolvable: common/a.ts > ./b.ts']],
  ])('judges an import %s', async (_, files, expected) => {
    expect((await broken(files)).toSorted()).toEqual(expected);
  });
});

describe('the layout', () => {
  const inFolder = (folder: string, count: number) => Array.from({ length: count }, (_, i) => `${folder}/f${i}.ts`);

  it('has no crowded folder, except lists of similar files', () => {
    expect(layoutFaults(inFolder('engine', most))).toEqual([]);
    expect(layoutFaults(inFolder('engine', most + 1))).toEqual([
      expect.stringContaining('engine/ has 16 source files'),
    ]);
    expect(layoutFaults(inFolder('cli/commands', most + 9))).toEqual([]);
  });

  it('has no two files of one name', () => {
    expect(layoutFaults(['engine/lanes.ts', 'cli/lanes.ts'])).toEqual([
      "engine/lanes.ts and cli/lanes.ts have the same name: an editor's list of files cannot tell them apart.",
    ]);
    for (const folder of ['cli/commands', 'rewards'])
      expect(layoutFaults(['engine/index.ts', `${folder}/index.ts`])).toEqual([
        expect.stringContaining(`engine/index.ts and ${folder}/index.ts have the same name`),
      ]);
    expect(layoutFaults(['engine/lanes.ts', 'test/lanes.ts', 'test/engine/lanes.ts'])).toEqual([]);
    expect(layoutFaults(['test/a/lanes.test.ts', 'test/b/lanes.test.ts'])).toHaveLength(1);
  });

  it('counts modules in every spelling', () => {
    const mixed = ['ts', 'tsx', 'mts', 'mjs', 'js', 'jsx', 'cjs'].flatMap((end) =>
      inFolder('engine', 3).map((path) => path.replace(/ts$/, end)),
    );
    expect(layoutFaults(mixed)).toEqual([expect.stringContaining('engine/ has 21 source files')]);
    expect(layoutFaults(['engine/lanes.tsx', 'cli/lanes.tsx'])).toHaveLength(1);
  });

  it('has no folder without a row in the table of imports', () => {
    expect(layoutFaults(['stray/a.jsx', 'world/b.ts', 'world/scenes/c.ts', 'eslint.config.js'])).toEqual([
      'stray/ is not in the table of imports: add what it may import to scripts/lint/rooms.mjs.',
      'world/ is not in the table of imports: add what it may import to scripts/lint/rooms.mjs.',
    ]);
  });

  it('is one of all folders that have modules', () => {
    expect(sourceFolders(['stray/deep/a.cjs', 'docs/a.md', 'engine/a.ts', 'engine/b.ts', 'a.js'])).toEqual([
      'stray',
      'engine',
    ]);
  });

  it('has few folders at the root', () => {
    const roots = Array.from({ length: mostRoots + 1 }, (_, i) => `folder${i}/f${i}.md`);
    expect(layoutFaults(roots.slice(1))).toEqual([]);
    expect(layoutFaults(roots)).toEqual([expect.stringContaining(`${mostRoots + 1} folders at the root`)]);
  });

  it('is judged on the files of the checkout', () => {
    expect(execFileSync(process.execPath, [join(root, 'scripts/lint/layout.mjs')], { cwd: root }).toString()).toBe('');
  });
});

/** Runs the linter for unused exports on these files, with a configuration of the checkout. */
async function unused(files: Record<string, string>, configuration: string, ...options: string[]) {
  const text = await readFile(join(root, configuration), 'utf8');
  const folder = await checkout({
    'package.json': '{ "name": "house", "type": "module" }',
    [configuration]: text,
    ...files,
  });
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      ...[join(root, 'node_modules/knip/bin/knip.js'), '--config', configuration, ...options],
      ...['--include', 'exports,types,files', '--no-progress'],
    ],
    { cwd: folder, encoding: 'utf8' },
  );
  return { status, stdout };
}

it('refuses unused exports', async () => {
  const files = {
    'cli/main.ts': "import { used } from '../common/a.ts'; used();",
    'common/a.ts': 'export const used = () => {}; export const dead = 1; export type Gone = 1;',
    'common/b.ts': 'export const alone = 1;',
  };
  const { status, stdout } = await unused(files, 'knip.json');
  expect(stdout).toMatch(/Unused files \(1\)\s+common\/b\.ts/);
  expect(stdout).toMatch(/Unused exports \(1\)\s+dead/);
  expect(stdout).toMatch(/Unused exported types \(1\)\s+Gone/);
  expect(status).toBe(1);
});

it('refuses exports for tests and measurements alone', async () => {
  const files = {
    'cli/main.ts': "import { used } from '../common/a.ts'; used();",
    'common/a.ts': 'export const part = 1; export const used = () => part; export const tested = 1;',
    'common/b.ts': 'export const measured = 1;',
    'test/common/a.test.ts': "import { part, tested } from '../../common/a.ts'; console.log(part, tested);",
    'bench/run.ts': "import { measured } from '../common/b.ts'; console.log(measured);",
  };
  expect(await unused(files, 'knip.json')).toMatchObject({ status: 0 });
  const { status, stdout } = await unused(files, 'knip.production.jsonc', '--production');
  expect(stdout).toMatch(/Unused files \(1\)\s+common\/b\.ts/);
  expect(stdout).toMatch(/Unused exports \(1\)\s+tested/);
  expect(status).toBe(1);
});

/** Returns a rule of the linter as the checkout applies it to a file, or undefined. */
async function ruleFor(filePath: string, name: string): Promise<Linter.RuleEntry | undefined> {
  const linter = new ESLint({ cwd: root });
  const { rules } = (await linter.calculateConfigForFile(join(root, filePath))) as { rules: Linter.RulesRecord };
  return rules[name];
}

it.each([
  ['api/runs/plan-run.ts', 5],
  ['cli/print.ts', 0],
  ['activities/execution/stage-child.ts', 0],
])('leaves the streams and the end of the process to programs: %s', async (filePath, count) => {
  const rules = { 'no-restricted-properties': (await ruleFor(filePath, 'no-restricted-properties'))! };
  const text = "process.stdout.write(''); process.stderr.write(''); process.exitCode = process.env.A; process.exit(1);";
  const found = new Linter().verify(text, [{ languageOptions: { globals: { process: false } }, rules }]);
  expect(found.map(({ ruleId }) => ruleId)).toEqual(Array(count).fill('no-restricted-properties'));
});

it('refuses functions of more than 60 lines, which comments and blank lines are not; tests may have them', async () => {
  const rules = { 'max-lines-per-function': (await ruleFor('training/tune.ts', 'max-lines-per-function'))! };
  const faults = (lines: number) =>
    new Linter()
      .verify(`function f() {\n${'// why\n\n'.repeat(9)}${'f();\n'.repeat(lines - 2)}}\n`, [{ rules }])
      .map(({ message }) => message);
  expect(faults(60)).toEqual([]);
  expect(faults(61)).toEqual([expect.stringContaining('too many lines (61)')]);
  expect(await ruleFor('test/lint/lint.test.ts', 'max-lines-per-function')).toBeUndefined();
});
