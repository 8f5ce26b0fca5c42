/** Types of an optimizer's stored moments (moments.ts). */
export const MOMENT_TYPES = ['float32', '8bit'] as const;
export type MomentType = (typeof MOMENT_TYPES)[number];

/** Runtimes of the rollout: TensorFlow, or ONNX Runtime on the CPU (rollout-runtime.ts). */
export const ROLLOUT_RUNTIMES = ['tensorflow', 'onnx'] as const;

/** Folders of a tuning stage's artifact. Each holds a folder for every kept step, and `final` for the last step. */
export const [KEPT_ENCODERS, KEPT_UNETS, KEPT_ADAPTERS] = ['encoder', 'unet', 'lora'] as const;
export const FINAL = 'final';
/** Files beside them: metrics, a line for each step; what the alarm observed, a line for each time; and a summary. */
export const METRICS_FILE = 'metrics.jsonl';
export const VALIDATION_FILE = 'validation.jsonl';
export const TUNING_SUMMARY_FILE = 'summary.json';

/** Returns the folder of a network kept at a training step: `step-000040`. */
export const stepFolder = (step: number): string => `step-${String(step).padStart(6, '0')}`;
/** Reads the training step from such a name; undefined for another name. */
export const stepOf = (name: string): number | undefined => {
  const [, digits] = /^step-(\d+)$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
};
