import type { Rollout } from './rollout/rollout-samples.ts';
import type { Snapshot } from './checkpoint/snapshot.ts';

/** A way of tuning, a step at a time: what the loop of a tuning stage calls (tune.ts). */
export interface Tuner {
  /**
   * One step on the samples at `rows` of the rollout (as many as the batch).
   * @param step 1-based
   * @param rate factor of the learning rates: below 1 while they warm up
   * @throws RunError naming step, prompt and reward when a reward is not finite; the parameters are then as before
   */
  step(step: number, rollout: Rollout, rows: readonly number[], rate: number): StepMetrics;
  /** All that a later step depends on. */
  snapshot(): Snapshot;
  /** Goes back to a snapshot. */
  restore(snapshot: Snapshot): void;
}

/** The measures of an update. */
export interface UpdateMetrics {
  /** Norm of each network's gradient before clipping; 0 in a step that was left out. */
  gradientNorm: Record<string, number>;
  /** Norm of the change of each network's parameters since the start. */
  deltaNorm: Record<string, number>;
  /** Mean squared distance of the embeddings from the original ones, where what makes them is trained. */
  drift?: number;
  /** Where the loss is scaled: its factor now, and how many steps were left out so far. */
  lossScale?: number;
  skipped?: number;
}

/** The measures of one step of tuning. */
export interface StepMetrics extends UpdateMetrics {
  /** 1-based. */
  step: number;
  /** -mean over the batch of the weighted sum of rewards. */
  loss: number;
  /** Mean of each reward over the batch. */
  rewards: Record<string, number>;
}
