import { anything, id, list, object, oneOf, text, whole, type Shape } from '../../common/shape.ts';
import type { GraphNode } from '../graph.ts';
import type { LeaseHolder } from './lease.ts';
import { identifiers, most } from './task-messages.ts';
import type { Owner, RunFile } from './run.ts';
import type { Batch, ScheduleFile } from '../../registry/schedules/schedules.ts';

/*
 * What records on disk must look like, as far as paths, modules, processes and servers are named by them. Keys that are
 * only shown pass as they are.
 */

const path = text(4096);
const time = text(40);
const pid = whole(1, 2 ** 31);
const host = text(300);

/** HOST:PORT. */
export const address = text(300);

const graphNode = object<GraphNode>({ name: id('stage'), inputs: identifiers('stage', most.stages) }, [], 'keep');

export const runFile = object<RunFile>(
  {
    id: id('run'),
    pipeline: path,
    createdAt: time,
    finishedAt: time,
    status: oneOf('running', 'paused', 'completed', 'failed', 'cancelled', 'interrupted'),
    error: object({ name: text(200), message: text(1_000_000) }, [], 'keep'),
    address,
    planned: anything as Shape<NonNullable<RunFile['planned']>>,
    graph: list(graphNode, most.stages),
  },
  ['finishedAt', 'error', 'address', 'planned'],
  'keep',
);

export const ownerFile = object<Owner>(
  { host, pid, address, own: (value, at) => oneOf(true)(value, at) },
  ['address', 'own'],
  'keep',
);

export const leaseHolder = object<LeaseHolder>({ run: text(200), attempt: text(200), host, pid }, [], 'keep');

const configuration: Shape<unknown> = (value, at) => object({}, [], 'keep')(value, at);

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
