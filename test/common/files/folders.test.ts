import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isFolder, makeFolders } from '../../../common/files.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

it('makes folders that other processes make at the same time', async () => {
  const root = await temporaryFolder();
  for (let round = 0; round < 50; round++) {
    const folders = Array.from({ length: 20 }, (_, i) => join(root, `${round}`, 'a', 'b', `${i % 5}`, `${i}`));
    await Promise.all(folders.map((folder) => makeFolders(folder)));
    expect(await Promise.all(folders.map((folder) => isFolder(folder)))).not.toContain(false);
  }
});

it('ends at once where a file system takes none', async () => {
  await expect(makeFolders('/proc/textcraftor/below')).rejects.toThrow('/proc does not accept new folders');
});
