import { anything, id, list, object, oneOf, text, whole, type Shape } from '../../common/shape.ts';
import { path, time } from '../../pipeline/runs/record-shapes.ts';
import { most } from '../../pipeline/runs/task-messages.ts';
import type { Registered } from '../registered.ts';

/** Settings of a schedule's retraining, kept in schedules/NAME/schedule.json. Temporal keeps the timing. */
export interface ScheduleFile {
  name: string;
  /** Name or path, as {@link file://../../pipeline/load.ts} takes it. */
  pipeline: string;
  /** The whole configuration, paths absolute. Its `prompts.source` is where new prompts arrive. */
  config: unknown;
  /** Whether to start from the version in production instead of the original encoder. */
  warmStart: boolean;
  /** Minimum number of new prompts for a retraining; fewer wait for more. */
  minimumPrompts: number;
  /** ISO 8601. */
  createdAt: string;
}

/** The workflow execution that a batch was made for. */
export interface BatchOwner {
  workflowId: string;
  runId: string;
}

/** Newly arrived prompts: batches/000001/batch.json, beside prompts.parquet with the column prompt. */
export interface Batch {
  /** 1, 2, 3 ... */
  number: number;
  /** `taken`: a retraining is using it. */
  status: 'taken' | 'used';
  owner: BatchOwner;
  /** ISO 8601. */
  takenAt: string;
  /** 0 if the files contained nothing new. */
  rows: number;
  /** Digest of prompts.parquet; absent if there is none. */
  sha256?: string;
  /** Files whose prompts are all in this batch or an earlier one, with digests of their content. */
  files: { name: string; digest: string }[];
  partition?: string;
  /** The run that trains on it. */
  run?: string;
  /** Outcome of that run. */
  registered?: Registered;
}

/** Why the last start of a schedule retrained nothing. */
const LOOK_RESULTS = ['no-new-files', 'still-arriving', 'no-new-prompts', 'too-few'] as const;

/** What the last start of a schedule that retrained nothing found: looked.json. */
export interface Look {
  /** ISO 8601. */
  at: string;
  result: (typeof LOOK_RESULTS)[number];
  /** New prompts that were there. */
  rows: number;
}

const configuration: Shape<unknown> = (value, at) => object({}, [], 'keep')(value, at);

/** Shape of schedule.json, as far as it names paths and ids. */
export const scheduleFile = object<ScheduleFile>(
  {
    name: id('schedule'),
    pipeline: path,
    config: configuration as Shape<NonNullable<unknown>>,
    warmStart: oneOf(true, false) as Shape<boolean>,
    minimumPrompts: whole(1, Number.MAX_SAFE_INTEGER),
    createdAt: time,
  },
  [],
  'keep',
);

/** Shape of batch.json, as far as it names paths and ids. */
export const batchFile = object<Batch>(
  {
    number: whole(1, Number.MAX_SAFE_INTEGER),
    status: oneOf('taken', 'used'),
    owner: object({ workflowId: text(1000), runId: text(200) }),
    takenAt: time,
    rows: whole(0, Number.MAX_SAFE_INTEGER),
    sha256: text(64),
    files: list(object({ name: path, digest: text(200) }), most.items),
    partition: id('partition'),
    run: id('run'),
    registered: anything as Shape<NonNullable<Batch['registered']>>,
  },
  ['sha256', 'partition', 'run', 'registered'],
  'keep',
);

/** Shape of looked.json. */
export const lookFile = object<Look>({
  at: time,
  result: oneOf(...LOOK_RESULTS),
  rows: whole(0, Number.MAX_SAFE_INTEGER),
});
