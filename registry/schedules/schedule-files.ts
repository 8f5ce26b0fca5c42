import { anything, id, list, object, oneOf, text, whole, type Shape } from '../../common/shape.ts';
import { most } from '../../pipeline/runs/task-messages.ts';
import type { Registered } from '../registered.ts';

/** What a schedule retrains, as kept in schedules/NAME/schedule.json. When it does is Temporal's to know. */
export interface ScheduleFile {
  name: string;
  /** As {@link file://../../pipeline/load.ts} takes it. */
  pipeline: string;
  /** The whole configuration, paths absolute. Its `prompts.source` is where new prompts arrive. */
  config: unknown;
  /** Start from the version in production; else from the original encoder. */
  warmStart: boolean;
  /** Fewer new prompts than this wait for more. */
  minimumPrompts: number;
  /** ISO 8601. */
  createdAt: string;
}

/** The workflow execution that a batch was made for. */
export interface BatchOwner {
  workflowId: string;
  runId: string;
}

/** Prompts that arrived since those before: batches/000001/batch.json, beside prompts.parquet with the column prompt. */
export interface Batch {
  /** 1, 2, 3 ... */
  number: number;
  /** `taken`: a retraining is at work on it. */
  status: 'taken' | 'used';
  owner: BatchOwner;
  /** ISO 8601. */
  takenAt: string;
  /** 0: there was nothing new in the files. */
  rows: number;
  /** Of prompts.parquet; absent where there is none. */
  sha256?: string;
  /** Files of which all prompts are in this batch or an earlier one, by the digest of their content. */
  files: { name: string; digest: string }[];
  partition?: string;
  /** The run that is trained on it. */
  run?: string;
  /** What came of that. */
  registered?: Registered;
}

const path = text(4096);
const time = text(40);
const configuration: Shape<unknown> = (value, at) => object({}, [], 'keep')(value, at);

/** schedule.json as it must look, as far as paths and ids are named by it. */
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

/** batch.json, likewise. */
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
