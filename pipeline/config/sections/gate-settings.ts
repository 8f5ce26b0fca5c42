import { z } from 'zod';

/** By metric: the value that the low end of the 95 % interval of its mean difference must exceed. */
const bounds = z.record(z.string(), z.number());

/** Conditions for putting an encoder into production. Metrics that were not measured are not checked. */
export const gateSchema = z.strictObject({
  /** Arms to check: `chosen` is the chosen encoder in the last steps, `exported` the exported files in all steps. */
  arms: z
    .array(z.enum(['chosen', 'exported']))
    .min(1)
    .default(['chosen', 'exported']),
  /** Bounds against the original encoder. */
  base: bounds.default({ heldOut: 0, oracle: 0 }),
  /** Bounds against the version in production: better by the held-out reward, and not much worse by the oracle. */
  champion: bounds.default({ heldOut: 0, oracle: -0.02 }),
  /** Minimum diversity between a prompt's pictures, as a share of that under the original encoder and under production. */
  diversity: z.number().min(0).default(0.9),
});

export type Gate = z.infer<typeof gateSchema>;
