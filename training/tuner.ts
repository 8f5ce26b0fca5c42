import type { Rollout } from './rollout/rollout-samples.ts';
import type { Snapshot } from './checkpoint/snapshot.ts';

/** A tuning method, called by the training loop (tune.ts) one step at a time. */
export interface Tuner {
  /**
   * Takes one step on the samples at `rows` of the rollout (a full batch).
   * @param step 1-based
   * @param rate factor of the learning rates, below 1 during warm-up
   * @throws RunError naming step, prompt and reward if a reward is not finite; the parameters are then unchanged
   */
  step(step: number, rollout: Rollout, rows: readonly number[], rate: number): StepMetrics;
  /** Returns all state that later steps depend on. */
  snapshot(): Snapshot;
  /** Restores a snapshot. */
  restore(snapshot: Snapshot): void;
}

/** The measures of an update. */
export interface UpdateMetrics {
  /** Norm of each network's gradient before clipping; 0 in a skipped step. */
  gradientNorm: Record<string, number>;
  /** Norm of the change of each network's parameters since the start. */
  deltaNorm: Record<string, number>;
  /** Mean squared distance of the embeddings from the original ones, if a network that makes them is trained. */
  drift?: number;
  /** Only if the loss is scaled: its current factor, and the number of steps skipped so far. */
  lossScale?: number;
  skipped?: number;
}

/** The measures of one step of tuning. */
export interface StepMetrics extends UpdateMetrics {
  /** 1-based. */
  step: number;
  /** Negative mean over the batch of the weighted sum of rewards. */
  loss: number;
  /** Mean of each reward over the batch. */
  rewards: Record<string, number>;
}
