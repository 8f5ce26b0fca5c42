/**
 * Processes the items in order, `lanes` at once.
 * @example
 * ```ts
 * import { inLanes } from './api/runs/side-by-side.ts';
 *
 * await inLanes(['tiny-1', 'tiny-2', 'tiny-3'], 2, async (run) => console.log(run));
 * ```
 */
export async function inLanes<T>(items: readonly T[], lanes: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
