import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCode } from '../../../pipeline/keys/code.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

const module = `
  import { double } from './numbers.ts';
  import { pack } from 'packed';
  import type { Shape } from './types.ts';
  /** Runs. */
  export async function run(shape: Shape): Promise<number> {
    return pack(double(shape.size));
  }
`;
const numbers = `
  export function double(x: number): number { return 2 * x; }
  export function triple(x: number): number { return 3 * x; }
`;
const files = {
  'stage.ts': module,
  'numbers.ts': numbers,
  'types.ts': 'export interface Shape { size: number }',
  'node_modules/packed/package.json': '{"name": "packed", "version": "1.0.0", "main": "index.js"}',
};

async function digest(changes: Partial<typeof files> = {}) {
  const root = await temporaryFolder();
  await mkdir(join(root, 'node_modules/packed'), { recursive: true });
  for (const [name, text] of Object.entries({ ...files, ...changes })) await writeFile(join(root, name), text);
  return (await readCode('stage.ts', root)).digest;
}

describe('the digest of code', () => {
  it.each([
    ['comments', { 'stage.ts': module.replace('/** Runs. */', '// Goes.\n/* really */') }],
    ['formatting', { 'stage.ts': module.replace(/\n +/g, '\n').replaceAll("'", '"') }],
    ['types', { 'types.ts': 'export interface Shape { size: number; more?: string }' }],
    ['functions that nobody imports', { 'numbers.ts': numbers.replace('3 * x', '4 * x') }],
  ])('does not change with %s', async (_, changes) => {
    expect((await digest(changes)).sha256).toBe((await digest()).sha256);
  });

  it.each([
    ['the module', { 'stage.ts': module.replace('shape.size', 'shape.size + 1') }],
    ['what it imports', { 'numbers.ts': numbers.replace('2 * x', 'x + x') }],
    [
      'the version of a package',
      { 'node_modules/packed/package.json': files['node_modules/packed/package.json'].replace('1.0.0', '1.0.1') },
    ],
  ])('changes with %s', async (_, changes) => {
    expect((await digest(changes)).sha256).not.toBe((await digest()).sha256);
  });

  it('is the same wherever the code lies, and lists its files', async () => {
    const [a, b] = [await digest(), await digest()];
    expect(a).toEqual(b);
    expect(Object.keys(a.modules).toSorted()).toEqual(['numbers.ts', 'stage.ts']);
    expect(a.packages).toEqual({ packed: '1.0.0' });
  });

  it('names a missing module', async () => {
    await expect(readCode('none.ts', await temporaryFolder())).rejects.toThrow('none.ts cannot be bundled');
  });
});
