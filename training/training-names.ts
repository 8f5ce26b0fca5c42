/** Types of an optimizer's stored moments (moments.ts). */
export const MOMENT_TYPES = ['float32', '8bit'] as const;
export type MomentType = (typeof MOMENT_TYPES)[number];

/** Runtimes of the rollout: TensorFlow, or ONNX Runtime on the CPU (rollout-runtime.ts). */
export const ROLLOUT_RUNTIMES = ['tensorflow', 'onnx'] as const;

/** Returns the folder of a network kept at a training step: `step-000040`. */
export const stepFolder = (step: number): string => `step-${String(step).padStart(6, '0')}`;
