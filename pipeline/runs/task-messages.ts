import type { ErrorRecord } from '../../common/errors.ts';
import { amount, flag, id, list, object, oneOf, record, text, whole, type Shape } from '../../common/shape.ts';
import { InputError } from '../../common/errors.ts';
import { visible } from '../../common/text/visible.ts';
import type { ItemCounts } from './run.ts';
import type { Artifact, FanOut } from '../stage.ts';

/*
 * What workflows and activities say to each other, and what it must look like. Whoever reaches the Temporal server can
 * send anything, so both sides read what they are sent through these shapes before it meets a path or is acted upon.
 */

/** What an activity is asked to do: references only, for Temporal keeps a copy for ever. */
export interface StageTask {
  run: string;
  stage: string;
  /** Input stage -> its outcome. */
  inputs: Record<string, StageOutcome>;
  /** Do it even when there is a result to reuse. */
  fresh: boolean;
  /** Unlike that of any other walk of any run: what was done for it is not done again, `fresh` or not. */
  request?: string;
  /** Which part of the stage; all of it when it is left out. */
  part?: StagePart;
}

/** A segment; or of a stage that fans out: the list of its items, a batch of them, what is made of all. */
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
  /** How long making the artifact took, be it now or in an earlier run. */
  seconds: number;
}

/** The items of a stage that fans out: a file with their names. */
export interface ItemList {
  list: Artifact;
  total: number;
}

/** How a run stands, as far as the workflow knows. */
export interface RunChange {
  status: 'running' | 'paused' | 'completed' | 'failed' | 'cancelled';
  error?: ErrorRecord;
}

/** Bounds of what a message can ask for. Nothing that is real comes near them. */
export const most = { stages: 1000, items: 10_000_000, segments: 10_000_000, lanes: 1000, partitions: 1000 };

const { MAX_SAFE_INTEGER } = Number;

/** To be read by people, on terminals as well. */
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

/** Artifacts and outcomes. @param digest what their digests and keys must look like */
export function references(digest: Shape<string>) {
  const artifact = object<Artifact>({ uri: text(20_000), sha256: digest, bytes: whole(0, MAX_SAFE_INTEGER) });
  const outcome = object<StageOutcome>({ artifact, key: digest, reused: flag, run: id('run'), seconds: amount });
  const itemList = object<ItemList>({ list: artifact, total: whole(0, most.items) });
  return { artifact, outcome, itemList };
}

/** @param digest what the digests and keys of its inputs must look like */
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
    if (twice !== undefined) throw new InputError(`${at}: ${twice} is there twice.`);
    return names;
  };
};
