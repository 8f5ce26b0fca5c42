import { z } from 'zod';
import { nameSchema } from '../name-schema.ts';
import { path } from '../config-paths.ts';
import { share, versionNumber } from '../number-schemas.ts';
import { gateSchema } from './gate-settings.ts';

const text = z.string().min(1);

/** The section `registry` of a configuration. */
export const registrySchema = z.strictObject({
  name: nameSchema.optional().describe("Name under which encoders are numbered; default: the configuration's name."),
  promote: z
    .enum(['manual', 'auto'])
    .default('manual')
    .describe('`auto`: an encoder that passes the gate goes into production automatically.'),
  gate: gateSchema.prefault({}).describe('Conditions for putting an encoder into production.'),
});

/** The section `champion`: the version in production, which the evaluation compares with the new one. */
export const championSchema = z.strictObject({
  version: versionNumber.describe('Its number in the registry.'),
  encoder: path.describe('A folder with a text encoder.'),
  unet: path.optional().describe('The UNet that was tuned with it: a folder or a safetensors file.'),
  exported: path.optional().describe('Its exported text encoder: a folder.'),
  blend: share.default(1).describe('Weight of its embeddings.'),
});

export type Champion = z.infer<typeof championSchema>;

/** The settings that registration reads from a run's configuration, whatever the pipeline. */
export const registrationSettings = z.looseObject({
  name: nameSchema,
  model: text.optional(),
  registry: registrySchema.prefault({}),
  champion: championSchema.optional(),
});
