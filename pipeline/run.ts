import type { ErrorRecord } from '../common/errors.ts';
import type { GraphNode } from './graph.ts';
import type { Artifact, Progress } from './stage.ts';

/** `interrupted`: it was running, and the process that cared for it is gone. */
export type RunStatus = 'running' | 'completed' | 'failed' | 'cancelled' | 'interrupted';
export type StageStatus = 'pending' | 'running' | 'ran' | 'reused' | 'failed' | 'cancelled' | 'interrupted';

/** A run, as kept in run.json. */
export interface RunFile {
  id: string;
  /** Where the pipeline comes from: see {@link file://./load.ts}. */
  pipeline: string;
  createdAt: string;
  finishedAt?: string;
  status: RunStatus;
  error?: ErrorRecord;
  /** The configured Temporal server whose workers do it; absent when one process has all that the run needs. */
  address?: string;
  /** Its stages, inputs first. */
  graph: GraphNode[];
}

/** A stage of a run, as kept in stages/NAME.json: it is written by the process that does the stage. */
export interface StageFile {
  name: string;
  status: StageStatus;
  /** Time spent on it in this run; next to nothing when it was reused. */
  seconds: number;
  /** Time that making the artifact took, in this run or an earlier one, all attempts together. */
  workSeconds?: number;
  startedAt?: string;
  attempt?: number;
  /** Why it ran, or whose result was reused. */
  why?: string;
  key?: string;
  artifact?: Artifact;
  progress?: Progress;
  error?: ErrorRecord;
}

/** A run with its stages. */
export interface Run extends RunFile {
  folder: string;
  stages: StageFile[];
}

/** The process that cares for a run: it has the server and the workers, or it watches. */
export interface Owner {
  host: string;
  pid: number;
  /** Temporal's address. */
  address?: string;
}
