import { z } from 'zod';
import { nameSchema } from './name-schema.ts';
import { seed, whole } from './number-schemas.ts';

/**
 * Returns the keys that every pipeline's schema has ({@link file://../pipeline.ts} CommonSettings).
 * @param name the default name of its runs
 */
export const commonSettings = (name: string) => ({
  name: nameSchema.default(name),
  seed: seed.default(1),
  engine: z.strictObject({ threads: whole.max(4096).default(0), xla: z.boolean().default(false) }).prefault({}),
});
