import type { ComputeType } from './compute-type-names.ts';

/**
 * Type in which products, convolutions and activations are computed, and weights that nothing trains are stored. All
 * other arithmetic is in float32 (mixed-precision.ts).
 */
export type { ComputeType };

let current: ComputeType = 'float32';

/** Returns the type of programs made from now on in this process. */
export const computeType = (): ComputeType => current;
export function setComputeType(type: ComputeType): void {
  current = type;
}
