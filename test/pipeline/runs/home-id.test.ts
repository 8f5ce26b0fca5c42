import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { taskQueues } from '../../../temporal/queues.ts';
import { Home } from '../../../pipeline/runs/home.ts';
import { homeId } from '../../../pipeline/runs/home-id.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

it('a home has one id for all concurrent readers, which other users cannot read', async () => {
  const home = new Home(await temporaryFolder());
  const ids = new Set(await Promise.all(Array.from({ length: 8 }, () => homeId(home))));
  expect([...ids]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
  expect(await readdir(home.folder)).toEqual(['id']);
  expect((await stat(home.id)).mode & 0o077).toBe(0);
});

it('two homes have different ids and task queues', async () => {
  const homes = [new Home(await temporaryFolder()), new Home(await temporaryFolder())] as const;
  const [one, two] = [await taskQueues(homes[0]), await taskQueues(homes[1])];
  expect(new Set([one.pipeline, one.engine, two.pipeline, two.engine]).size).toBe(4);
  expect(await taskQueues(homes[0])).toEqual(one);
});

it('a damaged id is set aside and replaced', async () => {
  const home = new Home(await temporaryFolder());
  await writeFile(home.id, '../../evil');
  const id = await homeId(home);
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(await homeId(home)).toBe(id);
  expect(await readFile(`${home.id}.damaged-1`, 'utf8')).toBe('../../evil');
});
