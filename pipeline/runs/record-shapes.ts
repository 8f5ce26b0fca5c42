import { anything, id, list, object, oneOf, text, whole, type Shape } from '../../common/shape.ts';
import type { GraphNode } from '../graph.ts';
import { identifiers, most } from './task-messages.ts';
import type { Owner, RunFile } from './run.ts';

/*
 * Shapes of records on disk, as far as they name paths, modules, processes and servers. Keys that are only displayed are
 * not checked.
 */

/** A path of a file or a module. */
export const path = text(4096);
/** ISO 8601. */
export const time = text(40);
/** Id of a process, and the name of its machine. */
export const pid = whole(1, 2 ** 31);
export const host = text(300);

/** HOST:PORT. */
const address = text(300);

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
