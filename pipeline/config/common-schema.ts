import { z } from 'zod';
import { nameSchema } from './name-schema.ts';

/**
 * Returns the keys that every pipeline's schema has ({@link file://../pipeline.ts} CommonSettings).
 * @param name the default name of its runs
 */
export const commonSettings = (name: string) => ({
  name: nameSchema.default(name),
  seed: z.int().default(1),
  engine: z.strictObject({ threads: z.int().default(0), xla: z.boolean().default(false) }).prefault({}),
});
