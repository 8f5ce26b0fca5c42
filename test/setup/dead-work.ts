import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Home } from '../../pipeline/runs/home.ts';

/** Leaves the files of a process that died right after saving a stage's only result. */
export async function leaveWork(home: Home, stage: string): Promise<void> {
  const [file] = (await readdir(join(home.results, stage))).filter((name) => name.endsWith('.json'));
  const { key } = JSON.parse(await readFile(join(home.results, stage, file!), 'utf8')) as { key: string };
  const left = home.work(stage, key);
  await mkdir(join(left, 'scratch'), { recursive: true });
  const holder = { run: 'run-1', attempt: 'of the dead', host: hostname(), pid: 999_999_999 };
  await writeFile(join(left, 'lease.json'), JSON.stringify(holder));
}
