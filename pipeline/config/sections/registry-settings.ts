import { z } from 'zod';
import { nameSchema } from '../name-schema.ts';
import { path } from '../config-paths.ts';
import { share, versionNumber } from '../number-schemas.ts';
import { gateSchema } from './gate-settings.ts';

const text = z.string().min(1);

/** The section `registry` of a configuration. */
export const registrySchema = z.strictObject({
  /** Name under which encoders are numbered; default: the configuration's name. */
  name: nameSchema.optional(),
  /** `auto`: an encoder that passes the gate goes into production automatically. */
  promote: z.enum(['manual', 'auto']).default('manual'),
  gate: gateSchema.prefault({}),
});

/** The section `champion`: the version in production, which the evaluation compares with the new one. */
export const championSchema = z.strictObject({
  version: versionNumber,
  /** A folder with a text encoder. */
  encoder: path,
  /** The UNet that was tuned with it: a folder or a safetensors file. */
  unet: path.optional(),
  /** Its exported text encoder: a folder. */
  exported: path.optional(),
  /** Weight of its embeddings. */
  blend: share.default(1),
});

export type Champion = z.infer<typeof championSchema>;

/** The settings that registration reads from a run's configuration, whatever the pipeline. */
export const registrationSettings = z.looseObject({
  name: nameSchema,
  model: text.optional(),
  registry: registrySchema.prefault({}),
  champion: championSchema.optional(),
});
