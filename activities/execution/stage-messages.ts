import type { Fault } from '../../common/fault-points.ts';
import type { ErrorRecord } from '../../common/errors.ts';
import type { ComputeType } from '../../engine/compute-type.ts';
import type { Progress } from '../../pipeline/stage.ts';

/** The function of a stage's module to call, and its arguments besides the context. */
export type StageCall =
  | { name: 'run'; segmentSeconds?: number }
  | { name: 'items' }
  | { name: 'runItem'; item: string }
  | { name: 'gather'; items: Record<string, string> };

/** Messages to a stage's process: one order after another, then its end. */
export type StageMessage = StageOrder | 'end';

export interface StageOrder {
  /** Absolute path of the stage's module. */
  module: string;
  call: StageCall;
  config: unknown;
  /** Data type in which networks compute; default float32. */
  dtype?: ComputeType;
  /** Parts of a batch that are computed in parallel; default 1. */
  lanes?: number;
  seed: number;
  inputs: Record<string, string>;
  output: string;
  scratch: string;
  /** The lease file and its expected holder. */
  lease: { file: string; attempt: string };
  /** Fault point at which the process dies, for tests. */
  fault?: Fault;
}

/** The answer of a body that did not fail. */
export interface StageAnswer {
  /** It wrote a checkpoint and must be called again. */
  unfinished?: true;
  items?: string[];
  /** Time in the body, without its checkpoints. */
  seconds: number;
  /** The part of it before the first progress, which each segment spends again. */
  setUpSeconds: number;
}

/** The process's replies to an order: progress, then one of the others. */
export type StageReport =
  | { kind: 'progress'; progress: Progress }
  | { kind: 'done'; answer: StageAnswer }
  | { kind: 'failed'; error: ErrorRecord };
