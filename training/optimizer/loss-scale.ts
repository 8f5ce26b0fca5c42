import type { Tensors } from '../../engine/program/program.ts';
import { tf } from '../../engine/tensorflow.ts';
import type { Weights } from '../../engine/weights/weights.ts';

/** The factor of the loss while it is differentiated. */
export interface LossScaling {
  /** As an input of the entry points that take it: `scale`, or nothing. */
  inputs(): Tensors;
  /** @param finite whether all gradients of a step were */
  update(finite: boolean): void;
  /** Whether gradients that are not finite may be so with a smaller factor. */
  canShrink(): boolean;
  /** Steps that were left out. */
  readonly skipped: number;
  metrics(): { lossScale?: number; skipped?: number };
  /** As entries of a snapshot's state. */
  snapshot(): Weights;
  restore(state: Weights): void;
}

/**
 * The factor of the loss that keeps gradients within float16's range: torch.amp.GradScaler's rule and numbers. It is
 * halved where a gradient is not finite, and that step is left out; it is doubled after many that were.
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

/** The loss as it is, for types with float32's range. */
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
