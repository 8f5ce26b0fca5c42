import type { ComputeType } from '../engine/compute-type-names.ts';
import type { StagesSettings } from './store/cache-policy.ts';

/** Settings that every pipeline's configuration has. */
export interface CommonSettings {
  /** Names the runs. */
  name: string;
  seed: number;
  engine: EngineSettings;
  /** Cache settings by stage name, independent of what the stage computes. */
  stages?: StagesSettings;
}

/** Settings of TensorFlow's computation. */
export interface EngineSettings {
  /** Threads of the trainer; 0: one per core. Results do not depend on it. */
  threads: number;
  /** Whether XLA compiles the graphs. Results depend on it. */
  xla: boolean;
  /** Number type that networks compute in; default float32. Results depend on it. */
  dtype?: ComputeType;
  /** Parts of a batch computed in parallel; default 1. Results depend on it. */
  lanes?: number;
}
