import type { Fault } from '../../common/fault-points.ts';
import type { ErrorRecord } from '../../common/errors.ts';
import type { ComputeType } from '../../engine/compute-type.ts';
import type { Progress } from '../../pipeline/stage.ts';

/** Which function of a stage's module is called, and what it gets besides the context. */
export type StageCall =
  | { name: 'run'; segmentSeconds?: number }
  | { name: 'items' }
  | { name: 'runItem'; item: string }
  | { name: 'gather'; items: Record<string, string> };

/** What a stage's process is told: one order after another, then its end. */
export type StageMessage = StageOrder | 'end';

export interface StageOrder {
  /** Absolute path of the stage's module. */
  module: string;
  call: StageCall;
  config: unknown;
  /** What networks are computed in; default float32. */
  dtype?: ComputeType;
  /** Parts of a batch that are computed side by side; default 1. */
  lanes?: number;
  seed: number;
  inputs: Record<string, string>;
  output: string;
  scratch: string;
  /** The lease file, and who must hold it. */
  lease: { file: string; attempt: string };
  /** Where the process is to die. */
  fault?: Fault;
}

/** What a body that did not fail has answered. */
export interface StageAnswer {
  /** It has left a checkpoint, and is to be called again. */
  unfinished?: true;
  items?: string[];
  /** Time in the body, its checkpoints aside. */
  seconds: number;
  /** Of it, the time until it first told how far it is: spent again by each segment. */
  setUpSeconds: number;
}

/** What the process says to an order: progress, then one of the others. */
export type StageReport =
  | { kind: 'progress'; progress: Progress }
  | { kind: 'done'; answer: StageAnswer }
  | { kind: 'failed'; error: ErrorRecord };
