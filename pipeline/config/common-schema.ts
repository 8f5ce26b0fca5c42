import { z } from 'zod';
import { nameSchema } from './name-schema.ts';
import { seed, whole } from './number-schemas.ts';

/** Keys of `engine` that every pipeline has. */
export const engineKeys = { threads: whole.max(4096).default(0), xla: z.boolean().default(false) };

/**
 * Returns the keys that every pipeline's schema has ({@link file://../common-settings.ts} CommonSettings).
 * @param name the default name of its runs
 */
export const commonSettings = (name: string) => ({
  name: nameSchema.default(name),
  seed: seed.default(1),
  engine: z.strictObject(engineKeys).prefault({}),
});
