import { InputError, type ErrorRecord } from '../../common/errors.ts';
import { amount, flag, id, list, object, oneOf, record, text, whole, type Shape } from '../../common/shape.ts';
import { visible } from '../../common/text/visible.ts';
import type { ItemCounts } from './run.ts';
import type { Artifact, FanOut } from '../stage.ts';

/*
 * Messages between workflows and activities, and their shapes. Anyone who can reach the Temporal server can send anything,
 * so both sides validate each message against these shapes before using a path in it or acting on it.
 */

/** Task of an activity: references only, since Temporal keeps a copy forever. */
export interface StageTask {
  run: string;
  stage: string;
  /** Outcome of each input stage. */
  inputs: Record<string, StageOutcome>;
  /** Run even if there is a result to reuse. */
  fresh: boolean;
  /** Unique to one walk through one run's stages; work done for it is not repeated, even if `fresh`. */
  request?: string;
  /** Part of the stage; default: all of it. */
  part?: StagePart;
}

/** A segment; or for a stage that fans out: listing its items, a batch of them, or gathering them all. */
export type StagePart =
  | { kind: 'segment'; number: number }
  | { kind: 'list' }
  | { kind: 'batch'; list: Artifact; from: number; to: number; lane: number; before: ItemCounts }
  | { kind: 'gather'; list: Artifact; counts: ItemCounts };

export interface StageOutcome {
  artifact: Artifact;
  key: string;
  reused: boolean;
  /** The run that made it. */
  run: string;
  /** Time to make the artifact, now or in an earlier run. */
  seconds: number;
}

/** The items of a stage that fans out, as a file with their names. */
export interface ItemList {
  list: Artifact;
  total: number;
}

/** Status of a run as the workflow knows it. */
export interface RunChange {
  status: 'running' | 'paused' | 'completed' | 'failed' | 'cancelled';
  error?: ErrorRecord;
}

/** Upper bounds for messages, far above any real use. */
export const most = { stages: 1000, items: 10_000_000, segments: 10_000_000, lanes: 1000, partitions: 1000 };

const { MAX_SAFE_INTEGER } = Number;

/** Text for people, safe to print on a terminal. */
const words =
  (most: number): Shape<string> =>
  (value, at) =>
    visible(text(most)(value, at));

export const errorRecord = object<ErrorRecord>({ name: words(200), message: words(100_000) });

export const runChange = object<RunChange>(
  { status: oneOf('running', 'paused', 'completed', 'failed', 'cancelled'), error: errorRecord },
  ['error'],
);

export const itemCounts = object<ItemCounts>({
  total: amount,
  done: amount,
  reused: amount,
  seconds: amount,
  rows: amount,
  bytes: amount,
});

export const fanOut = object<FanOut>({ window: whole(1, most.lanes), batch: whole(1, most.items) });

/** Builds the shapes of artifacts and outcomes. @param digest shape of digests and keys */
export function references(digest: Shape<string>) {
  const artifact = object<Artifact>({ uri: text(20_000), sha256: digest, bytes: whole(0, MAX_SAFE_INTEGER) });
  const outcome = object<StageOutcome>({ artifact, key: digest, reused: flag, run: id('run'), seconds: amount });
  const itemList = object<ItemList>({ list: artifact, total: whole(0, most.items) });
  return { artifact, outcome, itemList };
}

/** Builds the shape of a task. @param digest shape of the digests and keys of its inputs */
export function stageTask(digest: Shape<string>): Shape<StageTask> {
  const { artifact, outcome } = references(digest);
  const index = whole(0, most.items);
  const parts: { [Kind in StagePart['kind']]: Shape<Extract<StagePart, { kind: Kind }>> } = {
    segment: object({ kind: oneOf('segment'), number: whole(0, most.segments) }),
    list: object({ kind: oneOf('list') }),
    batch: object({
      kind: oneOf('batch'),
      list: artifact,
      from: index,
      to: index,
      lane: whole(0, most.lanes - 1),
      before: itemCounts,
    }),
    gather: object({ kind: oneOf('gather'), list: artifact, counts: itemCounts }),
  };
  const part: Shape<StagePart> = (value, at) => {
    const { kind } = object<{ kind: StagePart['kind'] }>(
      { kind: oneOf(...(Object.keys(parts) as StagePart['kind'][])) },
      [],
      'keep',
    )(value, at);
    return parts[kind](value, at);
  };
  return object<StageTask>(
    {
      run: id('run'),
      stage: id('stage'),
      inputs: record('stage', outcome, most.stages),
      fresh: flag,
      request: id('request'),
      part,
    },
    ['request', 'part'],
  );
}

/** One batch of one schedule. */
export interface BatchTask {
  schedule: string;
  batch: number;
}

export const batchTask = object<BatchTask>({ schedule: id('schedule'), batch: whole(1, MAX_SAFE_INTEGER) });

export const identifiers = (kind: 'stage' | 'partition', count: number): Shape<string[]> => {
  const each = list(id(kind), count);
  return (value, at) => {
    const names = each(value, at);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw new InputError(`${at}: ${twice} appears twice.`);
    return names;
  };
};
