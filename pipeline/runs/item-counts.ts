import type { ItemCounts } from './run.ts';

/** Returns counts with nothing done yet. Pure: workflows use it too. */
export function noItems(total = 0): ItemCounts {
  return { total, done: 0, reused: 0, seconds: 0, rows: 0, bytes: 0 };
}

/** Sums the counts of several lanes over `total` items. */
export function sumCounts(total: number, lanes: readonly ItemCounts[]): ItemCounts {
  return lanes.reduce(
    (sum, lane) => ({
      total,
      done: sum.done + lane.done,
      reused: sum.reused + lane.reused,
      seconds: sum.seconds + lane.seconds,
      rows: sum.rows + lane.rows,
      bytes: sum.bytes + lane.bytes,
    }),
    noItems(total),
  );
}
