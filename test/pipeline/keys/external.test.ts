import { execFileSync } from 'node:child_process';
import { appendFile, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { InputError, RetryableError } from '../../../common/errors.ts';
import { sha256, sha256File } from '../../../common/files.ts';
import { ExternalDigests } from '../../../pipeline/keys/external-inputs.ts';

let root: string;
let digests: ExternalDigests;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'external-'));
  digests = new ExternalDigests(join(root, 'known.json'));
  await mkdir(join(root, 'a/d/e'), { recursive: true });
  await writeFile(join(root, 'a/d/x.csv'), 'x');
  await writeFile(join(root, 'a/d/e/y.csv'), 'y');
});
afterAll(() => rm(root, { recursive: true }));

it('a pattern has a digest, which is the same in another folder and differs after a change', async () => {
  const before = await digests.digest(join(root, 'a/d/**/*.csv'));
  expect(before).toMatch(/^\*\*\/\*\.csv [0-9a-f]{64}$/);
  await cp(join(root, 'a'), join(root, 'b'), { recursive: true });
  expect(await digests.digest(join(root, 'b/d/**/*.csv'))).toBe(before);
  expect(await digests.digest(join(root, 'b/d/*.csv'))).not.toBe(before);
  await writeFile(join(root, 'b/d/e/z.csv'), 'z');
  expect(await digests.digest(join(root, 'b/d/**/*.csv'))).not.toBe(before);
});

it('a folder with pipes and links that lead back or nowhere can be read, but a pipe alone is refused', async () => {
  const folder = join(root, 'a/d/e');
  await symlink('..', join(folder, 'up'));
  await symlink('.', join(folder, 'self'));
  await symlink('nowhere', join(folder, 'lost.csv'));
  execFileSync('mkfifo', [join(folder, 'p.csv')]);
  expect(await digests.digest(join(root, 'a/d'))).toMatch(/^d [0-9a-f]{64}$/);
  await expect(digests.digest(join(folder, 'p.csv'))).rejects.toThrow(InputError);
  await expect(digests.digest(join(root, 'a/none'))).rejects.toThrow(/^There is no file or folder .*none\.$/);
});

it('a pattern has a digest of the files that match it and of no others', async () => {
  const [folder, read] = [join(root, 'p'), [] as string[]];
  await mkdir(join(folder, 'deep'), { recursive: true });
  for (const name of ['a.txt', 'b.csv', 'deep/c.txt']) await writeFile(join(folder, name), name);
  const seeing = new ExternalDigests(join(root, 'seen.json'), (path) => {
    read.push(path);
    return sha256File(path);
  });
  const before = await seeing.digest(join(folder, '*.txt'));
  expect(read).toEqual([join(folder, 'a.txt')]);
  await writeFile(join(folder, 'b.csv'), 'other');
  await writeFile(join(folder, 'deep/c.txt'), 'other');
  expect(await seeing.digest(join(folder, '*.txt'))).toBe(before);
  await writeFile(join(folder, 'z.txt'), '');
  expect(await seeing.digest(join(folder, '*.txt'))).not.toBe(before);
});

it('a file whose name is a pattern counts by itself, and a folder that links lead to in many ways once', async () => {
  const folder = join(root, 'l');
  await mkdir(folder);
  await writeFile(join(folder, 'a[1].txt'), 'a');
  await writeFile(join(folder, 'a1.txt'), 'b');
  expect(await digests.digest(join(folder, 'a[1].txt'))).toBe(`a[1].txt ${sha256('a')}`);
  for (let i = 0; i < 22; i++) {
    await mkdir(join(folder, `d${i}`), { recursive: true });
    for (const link of ['x', 'y']) await symlink(`../d${i + 1}`, join(folder, `d${i}`, link));
  }
  const before = await digests.digest(folder);
  await rm(join(folder, 'd3/x'));
  await symlink('../d9', join(folder, 'd3/x'));
  expect(await digests.digest(folder)).not.toBe(before);
});

it('a file that changes while it is read is read again, and refused when it keeps changing', async () => {
  const file = join(root, 'growing.txt');
  await writeFile(file, 'a');
  let changes = 1;
  const digestOf = (known: string) =>
    new ExternalDigests(join(root, known), async (path) => {
      const digest = await sha256File(path);
      if (changes-- > 0) await appendFile(path, 'more');
      return digest;
    });
  expect(await digestOf('still.json').digest(file)).toBe(`growing.txt ${sha256('amore')}`);
  changes = Infinity;
  const refused = digestOf('never.json').digest(file);
  await expect(refused).rejects.toThrow(RetryableError);
  await expect(refused).rejects.toThrow(/growing\.txt changed while it was read; run again when nothing writes/);
  expect(
    await digestOf('never.json')
      .digest(file)
      .catch(() => 'refused'),
  ).toBe('refused');
});
