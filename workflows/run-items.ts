import type { ItemsRun } from './arguments.ts';
import { continueAsNew, isCancellation, setHandler, workflowInfo } from '@temporalio/workflow';
import type { ItemList, StageOutcome, StageTask } from '../activities/stage-task.ts';
import { noItems, sumCounts } from '../pipeline/runs/item-counts.ts';
import type { ItemCounts } from '../pipeline/runs/run.ts';
import { historyIsLong } from './history.ts';
import { counts, itemsRun, listAnswer, parse, stageOutcome } from './inputs.ts';
import { itemsQuery } from './messages.ts';
import { callStage } from './stage-activity.ts';

/**
 * Runs a stage that fans out: lists its items, makes them in batches on as many lanes as the window is wide, and
 * gathers them. It continues as new in time, so that no history grows long. Batches skip finished items, so it may
 * start over at any time.
 */
export async function runItems(message: ItemsRun): Promise<StageOutcome> {
  const input = parse(itemsRun, message, 'runItems');
  const { task, taskQueue, fanOut, longHistory, from } = input;
  const lanes = from?.lanes ?? Array.from({ length: fanOut.window }, () => noItems());
  let total = from?.list.total ?? 0;
  setHandler(itemsQuery, () => sumCounts(total, lanes));
  const list =
    from?.list ?? (await callStage<StageOutcome | ItemList>(withPart(task, { kind: 'list' }), taskQueue, listAnswer));
  if (!('list' in list)) return list;
  total = list.total;
  let next = from?.next ?? 0;
  let failed = false;

  const goAlong = async (lane: number): Promise<void> => {
    try {
      while (next < total && !failed && !historyIsLong(workflowInfo(), longHistory)) {
        const start = next;
        next = Math.min(total, start + fanOut.batch);
        const before = lanes[lane]!;
        const batch = { kind: 'batch' as const, list: list.list, from: start, to: next, lane, before };
        const summary = `${task.stage}, items ${start + 1} to ${next}`;
        lanes[lane] = await callStage<ItemCounts>(withPart(task, batch), taskQueue, counts, summary);
      }
    } catch (error) {
      failed = true; // the other lanes finish their batches
      throw error;
    }
  };
  const ends = await Promise.allSettled(lanes.map((_, lane) => goAlong(lane)));
  const errors = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
  if (errors.length > 0) throw errors.find(isCancellation) ?? errors[0];
  if (next < total) return continueAsNew<typeof runItems>({ ...input, from: { list, next, lanes } });
  const gather = { kind: 'gather' as const, list: list.list, counts: sumCounts(total, lanes) };
  return callStage<StageOutcome>(withPart(task, gather), taskQueue, stageOutcome, `${task.stage}, all items`);
}

function withPart(task: StageTask, part: NonNullable<StageTask['part']>): StageTask {
  return { ...task, part };
}
