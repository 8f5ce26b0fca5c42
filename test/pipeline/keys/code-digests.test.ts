import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { onNotice } from '../../../common/notices.ts';
import { readSealed, writeSealed } from '../../../common/files/sealed.ts';
import { CodeDigests } from '../../../pipeline/keys/code-digests.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

// Files count as settled some seconds after their last change, and the tests do not wait.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10_000 }));
afterEach(() => void vi.useRealTimers());

async function setUp() {
  const root = await temporaryFolder();
  const memory = join(root, 'code.json');
  await writeFile(join(root, 'stage.ts'), "import { size } from './size.ts';\nexport const run = () => size;");
  await writeFile(join(root, 'size.ts'), 'export const size = 1;');
  // A new instance each time, as in each command.
  return { root, memory, digest: async () => (await new CodeDigests(memory).digest('stage.ts', root)).sha256 };
}

/** Changes the remembered digest, to recognize it. */
async function mark(memory: string, sha256: string): Promise<void> {
  const text = JSON.stringify(await readSealed(memory)).replace(sha256, 'remembered');
  await writeSealed(memory, JSON.parse(text) as object);
}

it.each([
  ['emptied', (path: string) => truncate(path, 0)],
  ['cut short', (path: string) => truncate(path, 100)],
  [
    'changed',
    async (path: string) => writeFile(path, (await readFile(path, 'utf8')).replace(/[0-9a-f]{8}/, '00000000')),
  ],
  ['a folder', async (path: string) => rm(path).then(() => mkdir(path))],
])('a %s memory file is set aside with a message, and everything is read again', async (_, damage) => {
  const { root, memory, digest } = await setUp();
  const first = await digest();
  await damage(memory);
  const said: string[] = [];
  onNotice((line) => said.push(line));
  expect(await digest()).toBe(first);
  onNotice(undefined);
  expect(said).toEqual([`${memory} is damaged: it was set aside as ${memory}.damaged-1 and is created again.`]);
  expect((await readdir(root)).sort()).toEqual(['code.json', 'code.json.damaged-1', 'size.ts', 'stage.ts']);
  await mark(memory, first);
  expect(await digest()).toBe('remembered');
});

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

it('code that was changed a moment ago is not remembered, since it may change again with the same time', async () => {
  vi.useRealTimers();
  const { root, memory, digest } = await setUp();
  await digest();
  await expect(readFile(memory)).rejects.toThrow('ENOENT');
  await writeFile(join(root, 'size.ts'), 'export const size = 2;');
  expect(await digest()).toMatch(/^[0-9a-f]{64}$/);
});

it('code that needs a missing package is read each time', async () => {
  const { root, memory, digest } = await setUp();
  await writeFile(join(root, 'size.ts'), "export { size } from 'not-there';");
  await digest();
  await expect(readFile(memory)).rejects.toThrow('ENOENT');
});
