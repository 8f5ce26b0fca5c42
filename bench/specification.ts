/** Input of one measured process, on both sides (bench/ours.ts, bench/peer/step.py). */
export interface StepSpecification {
  /** A diffusers folder. */
  model: string;
  /** With absolute paths. */
  rewards: { name: string; type: string; model: string; head?: string; weight: number }[];
  /** The batch. */
  prompts: string[];
  /** A safetensors file with `latents` [B, C, h, w]: z_T, or z_(T-K) where `fromRollout`. */
  latents: string;
  steps: number;
  gradSteps: number;
  guidance: number;
  fromRollout: boolean;
  learningRate: number;
  threads: number;
  /** engine.lanes, of this project only. */
  lanes: number;
  /** Number of measured steps; one unmeasured step precedes them. */
  repeats: number;
  /** Writes loss, rewards and gradients to this file instead of taking a step. */
  saveTensors: string | null;
  /** torch only: its gradient checkpointing, its channels-last memory format. */
  checkpointing: boolean;
  channelsLast: boolean;
}

/** Result of one measured process. */
export interface StepMeasurement {
  /** Seconds from the start of the process to its first step: modules, weights, graph. */
  startUp: { import: number; load: number; compile: number };
  first: Timing;
  steps: Timing[];
  /** Peak resident set of the process. */
  peakBytes: number;
}

/** Elapsed seconds, and processor seconds of all threads. */
export interface Timing {
  wall: number;
  cpu: number;
  loss?: number;
}

/** Input of a process that measures a forward pass (bench/forward.ts, bench/peer/forward.py). */
export interface ForwardSpecification {
  network: 'text_encoder' | 'unet' | 'vae_decoder';
  /** A diffusers folder, for torch. */
  model: string;
  /** The network's ONNX model, for ONNX Runtime. */
  onnx: string;
  /** A safetensors file with the network's inputs by the names of diffusers' ONNX export. */
  inputs: string;
  /** Path for the output, for comparison. */
  output: string;
  threads: number;
  repeats: number;
}
