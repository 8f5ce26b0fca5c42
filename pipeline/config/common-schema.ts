import { z } from 'zod';
import { nameSchema } from './name-schema.ts';
import { seed, whole } from './number-schemas.ts';

/** Keys of `engine` that every pipeline has. */
export const engineKeys = {
  threads: whole.max(4096).default(0).describe('Threads of the trainer; 0: one per core. Results do not depend on it.'),
  xla: z.boolean().default(false).describe('Whether XLA compiles the graphs. Results depend on it.'),
};

/**
 * Returns the keys that every pipeline's schema has ({@link file://../common-settings.ts} CommonSettings).
 * @param name the default name of its runs
 */
export const commonSettings = (name: string) => ({
  name: nameSchema.default(name).describe('Names the runs.'),
  seed: seed.default(1).describe('Seed of every random number of a run.'),
  engine: z.strictObject(engineKeys).prefault({}).describe('How the networks are computed.'),
});
