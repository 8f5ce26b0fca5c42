import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { cancelRun, pauseRun } from '../../api/runs/control-run.ts';
import { DevServer } from '../../temporal/server/dev-server.ts';
import { homeId } from '../../pipeline/runs/home-id.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import type { RunRecords } from '../../pipeline/runs/runs.ts';
import { findTemporal } from '../../scripts/setup/temporal.mjs';
import { recordedRun } from '../setup/recorded-run.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

// A run whose worker was killed: its record has the address of that worker's server.

let home: Home;
let records: RunRecords;
let id: string;
beforeEach(async () => {
  ({ home, records, id } = await recordedRun('learn', ['a']));
});

async function server(owner?: string): Promise<DevServer> {
  const folder = await temporaryFolder();
  const options = { command: findTemporal()!.value, folder };
  const started = await DevServer.start(owner === undefined ? options : { ...options, homeId: owner });
  onTestFinished(() => started.stop());
  return started;
}

describe('a run whose worker was killed', () => {
  it("is not looked up on another program's server at its old address", async () => {
    await records.setAddress(id, (await server()).address);
    for (const control of [pauseRun, cancelRun])
      await expect(control(home, id)).rejects.toThrow(/is not this project's: another project or program has it/);
    expect((await records.read(id)).status).toBe('running');
  });

  it('is cancelled when its own server no longer knows it, and can be resumed', async () => {
    await records.setAddress(id, (await server(await homeId(home))).address);
    await expect(pauseRun(home, id)).rejects.toThrow(
      `no longer knows run ${id}; continue with: textcraftor resume ${id}`,
    );
    expect(await cancelRun(home, id)).toBe(id);
    expect((await records.read(id)).status).toBe('cancelled');
  });

  it('needs a worker when nothing listens at its address', async () => {
    const gone = await server();
    await records.setAddress(id, gone.address);
    await gone.stop();
    await expect(cancelRun(home, id)).rejects.toThrow(
      `The worker that had run ${id} is gone: start \`textcraftor worker\` again, then this command.`,
    );
  });
});
