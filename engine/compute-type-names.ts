/** Types for computing products, convolutions and activations (compute-type.ts). */
export const COMPUTE_TYPES = ['float32', 'bfloat16', 'float16'] as const;
export type ComputeType = (typeof COMPUTE_TYPES)[number];
