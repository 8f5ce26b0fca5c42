import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { RunError } from '../../common/errors.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { attach, type ConfiguredServer } from '../../temporal/server/server-connection.ts';
import { hasWorkers, launchWorkflow } from '../../temporal/run-workflow.ts';

/**
 * Hands a run to the workers of the configured server or, if there are none, to a detached process.
 * @example
 * ```ts
 * import { resolve } from 'node:path';
 * import { startDetached } from './api/runs/detach-run.ts';
 * import { prepareResume } from './api/runs/resume-run.ts';
 * import { Home } from './pipeline/runs/home.ts';
 * import { RunRecords } from './pipeline/runs/runs.ts';
 *
 * const home = new Home(resolve('.textcraftor'));
 * const { id, fresh } = await prepareResume(home, 'latest', { set: [] });
 * await new RunRecords(home).disown(id); // another process takes it over
 * await startDetached(home, id, fresh, { configured: undefined, environment: process.env });
 * ```
 */
export async function startDetached(
  home: Home,
  id: string,
  fresh: readonly string[],
  { configured, environment }: { configured: ConfiguredServer | undefined; environment: NodeJS.ProcessEnv },
): Promise<void> {
  const records = new RunRecords(home);
  const server = configured && (await attach(configured));
  try {
    if (server && (await hasWorkers(server, home))) await launchWorkflow(home, server, id, fresh);
    else await startProcess(home, records, id, fresh, environment);
  } finally {
    await server?.close();
  }
}

async function startProcess(
  home: Home,
  records: RunRecords,
  id: string,
  fresh: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const log = join(records.folder(id), 'run.log');
  const output = openSync(log, 'a');
  const command = fileURLToPath(new URL('../../cli/textcraftor.mjs', import.meta.url));
  const from = fresh[0] === undefined ? [] : ['--from', fresh[0]];
  const child = spawn(process.execPath, [command, 'resume', id, ...from], {
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...environment, TEXTCRAFTOR_HOME: home.folder },
  });
  let ended = false;
  child.once('exit', () => (ended = true));
  while (!ended && !(await records.owner(id))) await sleep(100);
  if (ended) throw new RunError(`Run ${id} could not be started in the background; see ${log}.`);
  child.unref();
}
