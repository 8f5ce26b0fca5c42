import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseFault } from '../../common/fault-points.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

const module = new URL('../../common/fault-points.ts', import.meta.url).href;

it('kills a process at a boundary, at the given visit, and once', async () => {
  const marker = join(await temporaryFolder(), 'died');
  const program = `
    import { armFault, faultPoint, parseFault } from '${module}';
    armFault(parseFault('heartbeat:2:${marker}'));
    for (const point of ['heartbeat', 'result-saved', 'heartbeat']) { console.log(point); faultPoint(point); }
    console.log('alive');`;
  const run = () =>
    spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { encoding: 'utf8' });
  const first = run();
  expect([first.signal, first.stdout]).toEqual(['SIGKILL', 'heartbeat\nresult-saved\nheartbeat\n']);
  expect(existsSync(marker)).toBe(true);
  expect(run().stdout).toContain('alive');
});

it('names the boundaries when the name is unknown', () => {
  expect(() => parseFault('lunch:1:/tmp/x')).toThrow(
    '"lunch:1:/tmp/x" is not a fault: POINT:TIME:MARKER, with one of artifact-commit,',
  );
  expect(parseFault('heartbeat:3:/a:b')).toEqual({ point: 'heartbeat', time: 3, marker: '/a:b' });
});
