import type { ErrorRecord } from '../../common/errors.ts';
import type { GraphNode } from '../graph.ts';
import type { PlannedStages } from './planned.ts';
import type { Artifact, Progress } from '../stage.ts';

/** `paused`: it waits to be resumed, by the user's wish. `interrupted`: it was running, and the process that cared for it is gone. */
export type RunStatus = 'running' | 'paused' | 'completed' | 'failed' | 'cancelled' | 'interrupted';
type StageStatus = 'pending' | 'running' | 'ran' | 'reused' | 'failed' | 'cancelled' | 'interrupted';

/** A run, as kept in run.json. */
export interface RunFile {
  id: string;
  /** Where the pipeline comes from: see {@link file://../load.ts}. */
  pipeline: string;
  createdAt: string;
  finishedAt?: string;
  status: RunStatus;
  error?: ErrorRecord;
  /** The configured Temporal server whose workers do it; absent when one process has all that the run needs. */
  address?: string;
  /** What the command that started it knew of its stages. */
  planned?: PlannedStages;
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
  /** Of a stage that fans out. */
  items?: ItemCounts;
  /**
   * Time in its body, without checkpoints and without what segments after the first load again: what is left of
   * `seconds` is lost to the pipeline.
   */
  bodySeconds?: number;
  error?: ErrorRecord;
}

/** How far a stage is that fans out. */
export interface ItemCounts {
  total: number;
  /** Made now, or found. */
  done: number;
  /** Found. */
  reused: number;
  /** Time that making them took, one after another, be it now or earlier. */
  seconds: number;
  /** As the items' bodies have told. */
  rows: number;
  bytes: number;
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
  /** It is a development server of this process: it must prove that it is this home's. */
  own?: true;
}
