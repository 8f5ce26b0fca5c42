import type { Home } from '../pipeline/runs/home.ts';
import { findGarbage, removeGarbage, type Garbage } from '../pipeline/store/gc.ts';
import type { RunsToKeep } from '../pipeline/store/gc-runs.ts';
import { protectedByName } from '../registry/protected.ts';

export interface CollectOptions extends RunsToKeep {
  /** Only find what would be deleted. */
  dryRun?: boolean | undefined;
}

/**
 * Deletes what no run and no registered encoder needs.
 * @returns what was deleted, or would be
 * @throws RunError when a record of the registry or a schedule cannot be read
 * @example
 * ```ts
 * import { collectGarbage } from './api/collect-garbage.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { bytes } = await collectGarbage(new Home('.textcraftor'), { keep: 10, dryRun: true });
 * ```
 */
export async function collectGarbage(
  home: Home,
  { dryRun = false, keep, keepDays }: CollectOptions = {},
): Promise<Garbage> {
  const garbage = await findGarbage(home, { ...(await protectedByName(home)), keep, keepDays });
  if (!dryRun) await removeGarbage(home, garbage);
  return garbage;
}
