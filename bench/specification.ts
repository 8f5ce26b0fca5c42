/** What one measured process is told, on both sides (bench/ours.ts, bench/peer/step.py). */
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
  /** Steps that are measured; one more, which is not, goes before them. */
  repeats: number;
  /** Writes loss, rewards and gradients to this file instead, without a step. */
  saveTensors: string | null;
  /** torch only: its gradient checkpointing, its channels-last memory format. */
  checkpointing: boolean;
  channelsLast: boolean;
}

/** What one measured process answers. */
export interface StepMeasurement {
  /** Seconds from the process's start until its first step: modules, weights, graph. */
  startUp: { import: number; load: number; compile: number };
  first: Timing;
  steps: Timing[];
  /** Largest resident set of the process. */
  peakBytes: number;
}

/** Seconds that passed, and seconds of processor time of all threads. */
export interface Timing {
  wall: number;
  cpu: number;
  loss?: number;
}

/** What a process that measures a forward pass is told (bench/forward.ts, bench/peer/forward.py). */
export interface ForwardSpecification {
  network: 'text_encoder' | 'unet' | 'vae_decoder';
  /** A diffusers folder, for torch. */
  model: string;
  /** The network's ONNX model, for ONNX Runtime. */
  onnx: string;
  /** A safetensors file with the network's inputs by the names of diffusers' ONNX export. */
  inputs: string;
  /** Where the output goes, for comparison. */
  output: string;
  threads: number;
  repeats: number;
}
