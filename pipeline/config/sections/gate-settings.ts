import { z } from 'zod';

/** By metric: what the low end of the 95 % interval of its mean difference has to exceed. */
const bounds = z.record(z.string(), z.number());

/** What an encoder has to show before it goes into production. A metric that was not measured asks for nothing. */
export const gateSchema = z.strictObject({
  /** Of what: the encoder in the last steps, as it was chosen, and the files that are handed out, in all steps. */
  arms: z
    .array(z.enum(['chosen', 'exported']))
    .min(1)
    .default(['chosen', 'exported']),
  /** Against the original encoder. */
  base: bounds.default({ heldOut: 0, oracle: 0 }),
  /** Against the version in production: better by the held-out reward, and not much worse by the oracle. */
  champion: bounds.default({ heldOut: 0, oracle: -0.02 }),
  /** How much the pictures of a prompt must still differ: the least share of what they do under each of the two. */
  diversity: z.number().min(0).default(0.9),
});

export type Gate = z.infer<typeof gateSchema>;
