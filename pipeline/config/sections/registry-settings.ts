import { z } from 'zod';
import { nameSchema } from '../name-schema.ts';
import { path } from '../config-paths.ts';
import { gateSchema } from './gate-settings.ts';

const text = z.string().min(1);

/** The section `registry` of a configuration. */
export const registrySchema = z.strictObject({
  /** The name under which encoders get their numbers; that of the configuration when it is left out. */
  name: nameSchema.optional(),
  /** Whether a run that passes the gate goes into production by itself. */
  promote: z.enum(['manual', 'auto']).default('manual'),
  gate: gateSchema.prefault({}),
});

/** The section `champion`: the version in production, with which the evaluation compares what comes out. */
export const championSchema = z.strictObject({
  version: z.int().min(1),
  /** A folder with a text encoder. */
  encoder: path,
  /** The UNet that was tuned with it: a folder or a safetensors file. */
  unet: path.optional(),
  /** What was handed out of it: a folder with a text encoder. */
  exported: path.optional(),
  /** Weight of its embeddings. */
  blend: z.number().min(0).max(1).default(1),
});

export type Champion = z.infer<typeof championSchema>;

/** What registering reads of a run's configuration, whatever the pipeline. */
export const registrationSettings = z.looseObject({
  name: nameSchema,
  model: text.optional(),
  registry: registrySchema.prefault({}),
  champion: championSchema.optional(),
});
