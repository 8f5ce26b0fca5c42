import type { ComputeType } from '../engine/compute-type-names.ts';
import type { StagesSettings } from './store/cache-policy.ts';

/** What every pipeline's configuration has. */
export interface CommonSettings {
  /** Names the runs. */
  name: string;
  seed: number;
  engine: EngineSettings;
  /** What is to be done for some stages, by their names, whatever they compute. */
  stages?: StagesSettings;
}

/** How TensorFlow computes. */
export interface EngineSettings {
  /** Threads of the trainer; 0: one a core. Results do not depend on it. */
  threads: number;
  /** Whether XLA compiles the graphs. Results depend on it. */
  xla: boolean;
  /** What networks are computed in; default float32. Results depend on it. */
  dtype?: ComputeType;
  /** Parts of a batch that are computed side by side; default 1. Results depend on it. */
  lanes?: number;
}
