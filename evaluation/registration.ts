import type { ResultFile } from '../common/files/result-file.ts';
import type { SamplerSettings } from '../models/sampling/sampler-settings.ts';
import type { NamedComparison } from './results.ts';

/** How much the pictures of a prompt differ, as a share of the base's and of the champion's, if measured. */
export type DiversityShares = Partial<Record<'base' | 'champion', number>>;

/** How test pictures were made. */
export interface Measured {
  sampler: SamplerSettings;
  samplesPerPrompt: number;
  /** Seed of tuning and of the start noise. */
  seed: number;
}

/** The results of a run that a registry keeps. */
export interface Registration {
  /** The encoder chosen on validation prompts, in `encoder/`; null if the original was chosen. */
  encoder: {
    /** sha256 of `encoder/model.safetensors`. */
    sha256: string;
    /** The training step, and the weight of its embeddings relative to the original ones. */
    step: number;
    blend: number;
  } | null;
  /**
   * The tuned UNet chosen with it, in `unet/`: sha256 of `unet/diffusion_pytorch_model.safetensors`, and training step.
   */
  unet?: { sha256: string; step: number };
  /**
   * The exported encoder, in `exported/`, for use in all steps (with the UNet, if there is one): sha256 of
   * `exported/model.safetensors`, training step, and share of the weight change. Null if no share was better than the
   * original.
   */
  exported: { sha256: string; step: number; weight: number; diversity?: DiversityShares } | null;
  /** How it was measured; absent for a pipeline that makes no pictures. */
  measured?: Measured;
  /**
   * Comparisons of the chosen encoder and its exported files with the base, and with the champion if there is one, on test
   * prompts.
   */
  comparisons: NamedComparison[];
  /** Diversity of the chosen encoder's pictures. */
  diversity?: DiversityShares;
}

export const REGISTRATION: ResultFile<Registration> = { name: 'registration.json' };
