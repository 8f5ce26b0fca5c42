import type { Registration } from '../evaluation/registration.ts';
import type { Artifact } from '../pipeline/stage.ts';
import type { Gate } from '../pipeline/config/sections/gate-settings.ts';

/** The stage whose artifact is registered when it completes: a folder with registration.json and `encoder/`. */
export const registerStage = 'register';

/** A result that a version was made from. */
export interface LineageEntry {
  stage: string;
  key: string;
  /** Digest of its artifact. */
  artifact: string;
  /** The run that made it. */
  run: string;
}

/** A tuned encoder under a name and a number. It never changes. */
export interface EncoderVersion extends Registration {
  name: string;
  /** 1, 2, 3 ... */
  version: number;
  /** ISO 8601. */
  createdAt: string;
  encoder: NonNullable<Registration['encoder']>;
  /** Artifact that holds it; its folder `encoder` is in transformers' layout. */
  artifact: Artifact;
  /** The diffusers folder that it was tuned for. */
  model?: string | undefined;
  /** The run that registered it, and the digest of that run's configuration. */
  run: string;
  config: string;
  lineage: LineageEntry[];
  /** The version in production that it was compared with, if any. */
  champion?: number | undefined;
  /** Conditions for promotion. */
  gate: Gate;
}
