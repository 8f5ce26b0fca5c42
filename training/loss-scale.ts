import type { Weights } from '../engine/weights/weights.ts';

/**
 * The factor of the loss that keeps gradients within float16's range: torch.amp.GradScaler's rule and numbers. It is
 * halved where a gradient is not finite, and that step is left out; it is doubled after many that were.
 */
export class LossScale {
  value = 65536;
  /** Steps that were left out. */
  skipped = 0;
  #steady = 0;

  /** @param finite whether all gradients of a step were */
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

  /** As an entry of a snapshot's state. */
  snapshot(): Weights {
    return new Map([[NAME, { shape: [3], data: Float32Array.of(this.value, this.#steady, this.skipped) }]]);
  }

  restore(state: Weights): void {
    const [value, steady, skipped] = state.get(NAME)!.data;
    Object.assign(this, { value, skipped });
    this.#steady = steady!;
  }
}

const NAME = 'loss-scale';
const GROWTH_INTERVAL = 2000;
