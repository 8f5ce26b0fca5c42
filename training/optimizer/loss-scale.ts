import type { Tensors } from '../../engine/program/program.ts';
import { tf } from '../../engine/tensorflow.ts';
import type { Weights } from '../../engine/weights/weights.ts';

/** The factor that the loss is multiplied with before it is differentiated. */
export interface LossScaling {
  /** Returns the input `scale` for the entry points that take it, or nothing. */
  inputs(): Tensors;
  /** Adapts the factor after a step. @param finite whether all of its gradients were finite */
  update(finite: boolean): void;
  /** Returns whether a smaller factor could still make gradients finite. */
  canShrink(): boolean;
  /** Number of skipped steps. */
  readonly skipped: number;
  metrics(): { lossScale?: number; skipped?: number };
  /** Returns the entries for a snapshot's state. */
  snapshot(): Weights;
  restore(state: Weights): void;
}

/**
 * The loss's factor that keeps gradients within float16's range, with the rule and numbers of torch.amp.GradScaler: if
 * a gradient is not finite, the step is skipped and the factor halved; after many finite steps it is doubled.
 */
export class LossScale implements LossScaling {
  value = 65536;
  skipped = 0;
  #steady = 0;

  inputs(): Tensors {
    return { scale: tf.scalar(this.value) };
  }

  update(finite: boolean): void {
    if (!finite) {
      this.value /= 2;
      this.#steady = 0;
      this.skipped++;
    } else if (++this.#steady === GROWTH_INTERVAL) {
      this.value *= 2;
      this.#steady = 0;
    }
  }

  canShrink(): boolean {
    return this.value >= 1;
  }

  metrics(): { lossScale: number; skipped: number } {
    return { lossScale: this.value, skipped: this.skipped };
  }

  snapshot(): Weights {
    return new Map([[NAME, { shape: [3], data: Float32Array.of(this.value, this.#steady, this.skipped) }]]);
  }

  restore(state: Weights): void {
    const [value, steady, skipped] = state.get(NAME)!.data;
    Object.assign(this, { value, skipped });
    this.#steady = steady!;
  }
}

/** No factor, for types with float32's range. */
export const UNSCALED: LossScaling = {
  skipped: 0,
  inputs: () => ({}),
  update: () => {},
  canShrink: () => false,
  metrics: () => ({}),
  snapshot: () => new Map(),
  restore: () => {},
};

const NAME = 'loss-scale';
const GROWTH_INTERVAL = 2000;
