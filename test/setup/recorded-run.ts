import { join } from 'node:path';
import { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Makes a home, which is removed when the test is over, with the record of a run that has these stages. */
export async function recordedRun(name: string, stages: readonly string[]) {
  const home = new Home(join(await temporaryFolder(), 'home'));
  const records = new RunRecords(home);
  const graph = stages.map((name) => ({ name, inputs: [] }));
  const { id } = await records.create(name, 'learn.ts', {}, graph);
  return { home, records, id };
}
