import type { ErrorRecord } from '../common/errors.ts';
import type { Progress } from '../pipeline/stage.ts';

/** What a stage's process is told, once, when it has started. */
export interface StageOrder {
  /** Absolute path of the module that exports `run`. */
  module: string;
  config: unknown;
  seed: number;
  inputs: Record<string, string>;
  output: string;
  scratch: string;
  /** The lease file, and who must hold it. */
  lease: { file: string; attempt: string };
}

/** What it answers. */
export type StageReport =
  { kind: 'progress'; progress: Progress } | { kind: 'done' } | { kind: 'failed'; error: ErrorRecord };
