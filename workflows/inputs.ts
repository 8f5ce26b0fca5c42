import { ApplicationFailure } from '@temporalio/workflow';
import { InputError } from '../common/errors.ts';
import { flag, id, list, object, oneOf, text, whole, type Shape } from '../common/shape.ts';
import {
  fanOut,
  identifiers,
  itemCounts,
  most,
  references,
  stageTask,
  type ItemList,
  type StageOutcome,
} from '../pipeline/runs/task-messages.ts';
import type { TakenBatch } from '../activities/retrain/take-prompts.ts';
import type { Unfinished } from '../activities/stage-task.ts';
import type { ItemCounts } from '../pipeline/runs/run.ts';
import type { Resume, StageNode } from './messages.ts';
import type { Backfill, Retraining, ItemsRun, PipelineRun, SegmentsRun } from './arguments.ts';

/** Activities accept only sha256; workflows merely pass digests on. */
const digest = text(2000);
const task = stageTask(digest);
const { itemList, outcome } = references(digest);

/**
 * Parses the arguments of a workflow, an update or an answer, which may come from anyone who reaches the server.
 * @throws ApplicationFailure that is not retried, before anything is done
 */
export function parse<T>(shape: Shape<T>, value: unknown, what: string): T {
  try {
    return shape(value, what);
  } catch (error) {
    throw error instanceof InputError ? ApplicationFailure.nonRetryable(error.message, error.name) : error;
  }
}

const node = object<StageNode>(
  {
    name: id('stage'),
    inputs: identifiers('stage', most.stages),
    taskQueue: id('queue'),
    fanOut,
    segmented: (value, at) => flag(value, at) as true,
  },
  ['taskQueue', 'fanOut', 'segmented'],
);

/** Checks that each stage appears once, after the stages that it reads. */
const graph: Shape<StageNode[]> = (value, at) => {
  const nodes = list(node, most.stages)(value, at);
  const known = new Set<string>();
  for (const { name, inputs } of nodes) {
    const absent = inputs.find((input) => !known.has(input));
    if (absent !== undefined) throw new InputError(`${at}: ${name} reads ${absent}, which does not come before it.`);
    if (known.has(name)) throw new InputError(`${at}: ${name} appears twice.`);
    known.add(name);
  }
  return nodes;
};

const fresh = identifiers('stage', most.stages);

export const pipelineRun = object<PipelineRun>({ run: id('run'), stages: graph, fresh, searchable: flag }, [
  'searchable',
]);

export const resume = object<Resume>({ fresh, stages: graph }, ['stages']);

/** A workflow must make progress before it continues as new: an execution begins with some events. */
const longHistory = whole(50, 50_000);

export const segmentsRun = object<SegmentsRun>(
  { task, taskQueue: id('queue'), done: whole(0, most.segments), longHistory },
  ['taskQueue', 'done', 'longHistory'],
);

const progress = object<{ list: ItemList; next: number; lanes: ItemCounts[] }>({
  list: itemList,
  next: whole(0, most.items),
  lanes: list(itemCounts, most.lanes),
});

const anyItemsRun = object<ItemsRun>({ task, taskQueue: id('queue'), fanOut, longHistory, from: progress }, [
  'taskQueue',
  'longHistory',
  'from',
]);

/** Without lanes for the remaining items, it would continue as new forever. */
export const itemsRun: Shape<ItemsRun> = (value, at) => {
  const run = anyItemsRun(value, at);
  const { fanOut, from } = run;
  if (from && from.lanes.length !== fanOut.window)
    throw new InputError(
      `${at}.from.lanes: expected ${fanOut.window}, as many as fanOut.window; got ${from.lanes.length}.`,
    );
  if (from && from.next > from.list.total)
    throw new InputError(
      `${at}.from.next: expected at most ${from.list.total}, the number of items; got ${from.next}.`,
    );
  return run;
};

export const retraining = object<Retraining>({ schedule: id('schedule'), partition: id('partition') }, ['partition']);

export const backfillInput = object<Backfill>({
  schedule: id('schedule'),
  partitions: identifiers('partition', most.partitions),
});

/** Answers of activities, perhaps from another worker on the queue. */
export const stageOutcome = outcome;
export const counts = itemCounts;
const unfinished = object<Unfinished>({ unfinished: (value, at) => oneOf(true)(value, at) });
export const segmentAnswer = either<StageOutcome, Unfinished>('unfinished', unfinished, outcome);
export const listAnswer = either<StageOutcome, ItemList>('list', itemList, outcome);
const batch = object<TakenBatch>({
  number: whole(1, Number.MAX_SAFE_INTEGER),
  rows: whole(0, Number.MAX_SAFE_INTEGER),
});
export const takenAnswer: Shape<TakenBatch | null> = (value, at) => (value === null ? null : batch(value, at));

/** Parses with `one` if its distinguishing key is present, else with `other`. */
function either<Other, One>(key: string, one: Shape<One>, other: Shape<Other>): Shape<One | Other> {
  return (value, at) => {
    object({}, [], 'keep')(value, at);
    return Object.hasOwn(value as object, key) ? one(value, at) : other(value, at);
  };
}
