import { z } from 'zod';
import { path } from './paths.ts';

const text = z.string().min(1);
const word = z.string().regex(/^[A-Za-z0-9][\w.-]*$/, 'must be a word');
const positive = z.int().min(1);
const share = z.number().min(0).max(1);

/** Largest weight of a tuned encoder's embeddings: beyond 1 its change is exaggerated. */
export const largestBlend = 1.25;

/** A set of prompts to compare on: they are kept out of training. */
export const benchmarkSchema = z.strictObject({
  name: word,
  /** `shapes` (the embedded world's held-out combinations), a file, or a folder whose files are styles. */
  source: path,
  /** The column with the prompts; found by its name when it is left out. */
  column: text.optional(),
  /** Of a data set in several splits. */
  split: text.optional(),
  /** Columns to split the results by, such as [Category, Challenge]. */
  categoryColumns: z.array(text).optional(),
  limit: positive.optional(),
});

/** A further arm of the evaluation: a mix of encoders, or another encoder. */
export const armSchema = z.strictObject({
  name: word,
  /** Text encoders and the weights of their embeddings; what is lacking to 1 is the original's. */
  mix: z.array(z.strictObject({ encoder: path, weight: z.number() })).min(1),
  /** In so many of the last steps only; by default in the last K. */
  lastSteps: positive.optional(),
  /** From the first step on, as an encoder of another architecture always is. */
  fromStart: z.boolean().optional(),
});

export const transferSchema = z.strictObject({
  unets: z
    .array(
      z.strictObject({
        name: word,
        /** A diffusers folder of a UNet. */
        unet: path,
        /** What it sees beside the latents: see evaluation/guide.ts. */
        guide: z.enum(['none', 'inpainting', 'silhouette']).default('none'),
      }),
    )
    .min(1),
  /** How many test prompts, and pictures of each. */
  prompts: positive,
  samplesPerPrompt: positive.default(1),
  /** Of how many prompts the pictures are kept. */
  images: z.int().min(0).default(12),
});

/** What watches validation prompts while a network is tuned: docs/decisions/collapse-alarm.md. */
export const alarmSchema = z.strictObject({
  /** Steps between two looks. */
  every: positive.default(20),
  prompts: positive.default(24),
  /** Two at least, for the diversity between the pictures of a prompt. */
  samplesPerPrompt: positive.default(2),
  /** Share of the base's diversity that may be lost. */
  diversity: z.number().gt(0).max(1).default(0.4),
  /** Fall of the held-out reward or of a text-image similarity that is allowed, in standard deviations of the base's. */
  similarity: z.number().gt(0).default(0.5),
  /** Share of what prompts ask for that the exact judge of the shapes world may find right no more. */
  attributes: share.default(0.01),
  /** Ends tuning after so many looks without a new best on the held-out reward (the trained sum where there is none). */
  patience: positive.optional(),
});
