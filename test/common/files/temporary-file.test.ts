import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { removeAbandoned, temporaryName } from '../../../common/files/temporary-file.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

it('temporary files of killed processes are removed, and those of living ones, other machines and other files stay', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'code.json');
  const killed = spawn('sleep', ['60']);
  const alive = spawn('sleep', ['60']);
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  const own = temporaryName(path);
  const of = (pid: number, from = own): string => from.replace(`-${process.pid}-`, `-${pid}-`);
  const stay = [
    own,
    of(alive.pid!),
    of(killed.pid!).replace(/json\.[0-9a-f]{8}/, 'json.00000000'),
    of(killed.pid!, temporaryName(join(folder, 'other.json'))),
    `${path}.tmp`,
  ];
  for (const file of [...stay, of(killed.pid!)]) await writeFile(file, '');
  await removeAbandoned(path);
  expect((await readdir(folder)).sort()).toEqual(stay.map((file) => file.slice(folder.length + 1)).sort());
  alive.kill();
});
