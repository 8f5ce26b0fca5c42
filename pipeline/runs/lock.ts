import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Lease } from './lease.ts';

/**
 * Runs `work` under an exclusive lock on the folder, held in `lock/lease.json`.
 * @param signal aborts the wait with its reason
 */
export async function withLock<Result>(
  folder: string,
  work: () => Promise<Result>,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Result> {
  const lease = await Lease.acquire(join(folder, 'lock'), randomUUID(), signal ? { signal } : {});
  const renewing = setInterval(() => void lease!.renew().catch(() => {}), 5000);
  try {
    return await work();
  } finally {
    clearInterval(renewing);
    await lease!.release();
  }
}
