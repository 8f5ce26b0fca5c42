import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CodeDigests } from '../../pipeline/code-digests.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

// Files count as settled some seconds after their last change, and the tests do not wait.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10_000 }));
afterEach(() => void vi.useRealTimers());

async function setUp() {
  const root = await temporaryFolder();
  const memory = join(root, 'code.json');
  await writeFile(join(root, 'stage.ts'), "import { size } from './size.ts';\nexport const run = () => size;");
  await writeFile(join(root, 'size.ts'), 'export const size = 1;');
  // A digest of its own each time, as each command has.
  return { root, memory, digest: async () => (await new CodeDigests(memory).digest('stage.ts', root)).sha256 };
}

/** Makes the memory say something else, by which one knows it. */
async function mark(memory: string, sha256: string): Promise<void> {
  await writeFile(memory, (await readFile(memory, 'utf8')).replace(sha256, 'remembered'));
}

it('code is read once, and again when one of its files was touched', async () => {
  const { root, memory, digest } = await setUp();
  const first = await digest();
  await mark(memory, first);
  expect(await digest()).toBe('remembered');
  await writeFile(join(root, 'size.ts'), '// One.\nexport const size = 1;');
  expect(await digest()).toBe(first);
  await mark(memory, first);
  await writeFile(join(root, 'size.ts'), 'export const size = 2;');
  expect(await digest()).not.toMatch(new RegExp(`${first}|remembered`));
  await rm(join(root, 'size.ts'));
  await expect(digest()).rejects.toThrow('cannot be bundled');
});

it('code that was changed a moment ago is not remembered, for it may change again under the same time', async () => {
  vi.useRealTimers();
  const { root, memory, digest } = await setUp();
  await digest();
  await expect(readFile(memory)).rejects.toThrow('ENOENT');
  await writeFile(join(root, 'size.ts'), 'export const size = 2;');
  expect(await digest()).toMatch(/^[0-9a-f]{64}$/);
});

it('code that needs a package which is not installed is read each time', async () => {
  const { root, memory, digest } = await setUp();
  await writeFile(join(root, 'size.ts'), "export { size } from 'not-there';");
  await digest();
  await expect(readFile(memory)).rejects.toThrow('ENOENT');
});
