import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { InputError } from '../../common/errors.ts';
import { ExternalDigests } from '../../pipeline/external.ts';

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

it('a pattern has a digest of its folder, which is the same at another place and another after a change', async () => {
  const before = await digests.digest(join(root, 'a/d/**/*.csv'));
  expect(before).toMatch(/^\*\*\/\*\.csv [0-9a-f]{64}$/);
  await cp(join(root, 'a'), join(root, 'b'), { recursive: true });
  expect(await digests.digest(join(root, 'b/d/**/*.csv'))).toBe(before);
  expect(await digests.digest(join(root, 'b/d/*.csv'))).not.toBe(before);
  await writeFile(join(root, 'b/d/e/z.csv'), 'z');
  expect(await digests.digest(join(root, 'b/d/**/*.csv'))).not.toBe(before);
});

it('links that lead back or nowhere and pipes in a folder end, and a pipe by itself is refused', async () => {
  const folder = join(root, 'a/d/e');
  await symlink('..', join(folder, 'up'));
  await symlink('.', join(folder, 'self'));
  await symlink('nowhere', join(folder, 'lost.csv'));
  execFileSync('mkfifo', [join(folder, 'p.csv')]);
  expect(await digests.digest(join(root, 'a/d'))).toMatch(/^d [0-9a-f]{64}$/);
  await expect(digests.digest(join(folder, 'p.csv'))).rejects.toThrow(InputError);
  await expect(digests.digest(join(root, 'a/none'))).rejects.toThrow(/^There is no file or folder .*none\.$/);
});
