import type { ComputeType } from './compute-type-names.ts';

/**
 * What products, convolutions and activations are computed in, and what weights that nothing trains are stored in. Other
 * arithmetic is in float32 in any case (mixed-precision.ts).
 */
export type { ComputeType };

let current: ComputeType = 'float32';

/** The type of programs that are made from now on in this process. */
export const computeType = (): ComputeType => current;
export function setComputeType(type: ComputeType): void {
  current = type;
}
