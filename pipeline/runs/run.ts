import type { ErrorRecord } from '../../common/errors.ts';
import type { GraphNode } from '../graph.ts';
import type { PlannedStages } from './planned.ts';
import type { Artifact, Progress } from '../stage.ts';

/** `paused`: the user paused it. `interrupted`: it was running when the process that owned it disappeared. */
export type RunStatus = 'running' | 'paused' | 'completed' | 'failed' | 'cancelled' | 'interrupted';
type StageStatus = 'pending' | 'running' | 'ran' | 'reused' | 'failed' | 'cancelled' | 'interrupted';

/** A run, as kept in run.json. */
export interface RunFile {
  id: string;
  /** Name or module of the pipeline: see {@link file://../load.ts}. */
  pipeline: string;
  createdAt: string;
  finishedAt?: string;
  status: RunStatus;
  error?: ErrorRecord;
  /** The configured Temporal server whose workers do the run; absent when one process does all of it. */
  address?: string;
  /** Facts about its stages at the start. */
  planned?: PlannedStages;
  /** Its stages, inputs first. */
  graph: GraphNode[];
}

/** A stage of a run, as kept in stages/NAME.json by the process that does the stage. */
export interface StageFile {
  name: string;
  status: StageStatus;
  /** Time spent on it in this run; almost zero when it was reused. */
  seconds: number;
  /** Time to make the artifact, in this run or an earlier one, over all attempts. */
  workSeconds?: number;
  startedAt?: string;
  attempt?: number;
  /** Reason why it ran, or the run whose result was reused. */
  why?: string;
  key?: string;
  artifact?: Artifact;
  progress?: Progress;
  /** Only for a stage that fans out. */
  items?: ItemCounts;
  /**
   * Time in its body, without checkpoints and without reloading in later segments; the rest of `seconds` is the pipeline's
   * overhead.
   */
  bodySeconds?: number;
  error?: ErrorRecord;
}

/** Progress of a stage that fans out. */
export interface ItemCounts {
  total: number;
  /** Made now or reused. */
  done: number;
  /** Reused. */
  reused: number;
  /** Sum of the time to make each, now or earlier. */
  seconds: number;
  /** As reported by the items' bodies. */
  rows: number;
  bytes: number;
}

/** A run with its stages. */
export interface Run extends RunFile {
  folder: string;
  stages: StageFile[];
}

/** The process that owns a run: it hosts the server and the workers, or watches them. */
export interface Owner {
  host: string;
  pid: number;
  /** Temporal's address. */
  address?: string;
  /** The server is the owner's own development server, which must prove that it belongs to this home. */
  own?: true;
}
