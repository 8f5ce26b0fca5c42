import { utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CancelledError } from '../../../common/errors.ts';
import { Lease, type LeaseHolder } from '../../../pipeline/runs/lease.ts';
import { withLock } from '../../../pipeline/runs/lock.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';
import { until } from '../../setup/watchdog.ts';

describe('a lease', () => {
  it('makes another run wait until it is released', async () => {
    const folder = await temporaryFolder();
    const first = (await Lease.acquire(folder, 'run-1'))!;
    const waited: LeaseHolder[] = [];
    const second = Lease.acquire(folder, 'run-2', {
      onWait: (holder) => {
        waited.push(holder);
        return Promise.resolve(false);
      },
    });
    await until('the second run to wait', () => waited.length > 0);
    expect(waited[0]).toMatchObject({ run: 'run-1', attempt: first.attempt });
    await first.renew();
    await first.release();
    await (await second)!.check();
    await expect(first.check()).rejects.toThrow('Another attempt has taken over this work');
  });

  it('is not taken when the work is done meanwhile', async () => {
    const folder = await temporaryFolder();
    const first = (await Lease.acquire(folder, 'run-1'))!;
    expect(await Lease.acquire(folder, 'run-2', { onWait: () => Promise.resolve(true) })).toBeUndefined();
    await first.check();
  });

  it('passes at once to a later attempt of the same run, which fences off the earlier one', async () => {
    const folder = await temporaryFolder();
    const first = (await Lease.acquire(folder, 'run-1'))!;
    const second = (await Lease.acquire(folder, 'run-1'))!;
    await expect(first.renew()).rejects.toThrow(expect.objectContaining({ name: 'RetryableError' }));
    await first.release(); // releases nothing, since it was lost
    await second.check();
  });

  it.each([
    ['has died', { host: hostname(), pid: 2 ** 22 + 1 }, 0],
    ['has not renewed it', { host: 'another', pid: 1 }, 60],
  ])('is taken from a holder that %s', async (_, holder, age) => {
    const folder = await temporaryFolder();
    const file = join(folder, 'lease.json');
    await writeFile(file, JSON.stringify({ run: 'run-1', attempt: 'x', ...holder }));
    const time = Date.now() / 1000 - age;
    await utimes(file, time, time);
    await (await Lease.acquire(folder, 'run-2'))!.check();
  });

  it('is not taken from a living holder on another host', async () => {
    const folder = await temporaryFolder();
    await writeFile(
      join(folder, 'lease.json'),
      JSON.stringify({ run: 'run-1', attempt: 'x', host: 'another', pid: 1 }),
    );
    const stop = new AbortController();
    const waiting = Lease.acquire(folder, 'run-2', { signal: stop.signal, onWait: () => Promise.resolve(false) });
    expect(await Promise.race([waiting, sleep(800).then(() => 'waits')])).toBe('waits');
    stop.abort(new CancelledError('Interrupted.'));
    await expect(waiting).rejects.toThrow(CancelledError);
  });

  it('is no longer awaited once the waiting command is interrupted', async () => {
    const folder = await temporaryFolder();
    const stop = new AbortController();
    await withLock(folder, async () => {
      const waiting = withLock(folder, () => Promise.resolve(), { signal: stop.signal });
      stop.abort(new CancelledError('Interrupted.'));
      await expect(waiting).rejects.toThrow(CancelledError);
    });
  });

  it('has one holder when many try at once', async () => {
    const folder = await temporaryFolder();
    let holders = 0;
    await Promise.all(
      Array.from({ length: 6 }, async (_, i) => {
        const lease = (await Lease.acquire(folder, `run-${i}`, { onWait: () => Promise.resolve(false) }))!;
        expect(++holders).toBe(1);
        await lease.check();
        holders--;
        await lease.release();
      }),
    );
  });
});
