import { mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ArtifactStore } from '../../../pipeline/store/artifact-store.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

async function setUp() {
  const home = await temporaryFolder();
  let count = 0;
  /** A folder with files, ready to be committed. */
  const folder = async (files: Record<string, string>): Promise<string> => {
    const path = join(home, `made-${count++}`);
    for (const [name, text] of Object.entries(files)) {
      await mkdir(join(path, name, '..'), { recursive: true });
      await writeFile(join(path, name), text);
    }
    return path;
  };
  return { store: new ArtifactStore(join(home, 'artifacts')), folder };
}
const files = { 'a.txt': 'one', 'deep/b.txt': 'three' };
/** Changes a byte of a read-only file, as a failing disk does. */
async function flip(path: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  await rm(path);
  await writeFile(path, text.replace('t', 'T'));
}

describe('the store', () => {
  it('gives equal folders one artifact, and different folders different ones', async () => {
    const { store, folder } = await setUp();
    const [first, second] = [await store.commit(await folder(files)), await store.commit(await folder(files))];
    expect(second).toEqual(first);
    expect(first.bytes).toBe(8);
    expect(await readFile(join(fileURLToPath(first.uri), 'deep/b.txt'), 'utf8')).toBe('three');
    const other = await store.commit(await folder({ 'a.txt': 'one', 'b.txt': 'three' }));
    expect(other.sha256).not.toBe(first.sha256);
    expect((await store.manifest(first.sha256)).map(({ path }) => path)).toEqual(['a.txt', 'deep/b.txt']);
  });

  it('accepts concurrent commits', async () => {
    const { store, folder } = await setUp();
    const folders = await Promise.all(Array.from({ length: 8 }, () => folder(files)));
    const artifacts = await Promise.all(folders.map((each) => store.commit(each)));
    expect(new Set(artifacts.map(({ sha256 }) => sha256)).size).toBe(1);
    expect(await store.damage(artifacts[0]!.sha256)).toBeUndefined();
    for (const each of folders) await expect(stat(each)).rejects.toThrow('ENOENT');
  });

  it('lets nobody write to a file', async () => {
    const { store, folder } = await setUp();
    const { uri } = await store.commit(await folder(files));
    expect((await stat(join(fileURLToPath(uri), 'a.txt'))).mode & 0o222).toBe(0);
  });

  it('names the file that is damaged, missing or unexpected', async () => {
    const { store, folder } = await setUp();
    const { sha256, uri } = await store.commit(await folder(files));
    const path = fileURLToPath(uri);
    expect(await store.open(sha256)).toBe(path);
    await writeFile(join(path, 'more.txt'), '');
    await expect(store.open(sha256)).rejects.toThrow('has files that do not belong to it');
    await rm(join(path, 'more.txt'));
    await flip(join(path, 'deep/b.txt'));
    await expect(store.open(sha256)).rejects.toThrow('is damaged: deep/b.txt has other bytes than when it was written');
    await rm(join(path, 'deep/b.txt'));
    await expect(store.open(sha256)).rejects.toThrow('is damaged: deep/b.txt is missing');
    await store.remove(sha256);
    await expect(store.open(sha256)).rejects.toThrow('is missing');
  });

  it('is repaired when the work is done again', async () => {
    const { store, folder } = await setUp();
    const { sha256, uri } = await store.commit(await folder(files));
    await flip(join(fileURLToPath(uri), 'deep/b.txt'));
    expect((await store.commit(await folder(files))).sha256).toBe(sha256);
    expect(await store.damage(sha256)).toBeUndefined();
  });

  it('refuses an empty folder and anything that is not a file', async () => {
    const { store, folder } = await setUp();
    const empty = await folder({});
    await mkdir(empty);
    await expect(store.commit(empty)).rejects.toThrow('The stage wrote no files');
    const linked = await folder({ a: '' });
    await symlink('/etc', join(linked, 'link'));
    await expect(store.commit(linked)).rejects.toThrow('link is neither a file nor a folder');
  });
});
