import { z } from 'zod';
import { CORPORA } from '../../../datasets/rules/rule-names.ts';
import { httpUrl } from '../../http-url.ts';
import { path } from '../config-paths.ts';

const text = z.string().min(1);
const positive = z.int().min(1);

/** What the loop of every tuned baseline has. */
const loop = {
  steps: positive,
  batch: positive.max(65_536),
  learningRate: z.number().positive(),
  warmup: z.int().min(0).default(0),
  weightDecay: z.number().min(0).default(0),
  gradientClip: z.number().positive().default(1),
  checkpointEvery: positive.default(10),
  keepEvery: positive.default(50),
};

const ddpoSchema = z.strictObject({
  ...loop,
  /** Updates on the same trajectories. */
  epochs: positive.default(2),
  /** How far the ratio of new and old probabilities counts, to each side of 1. */
  clipRange: z.number().positive().default(1e-3),
  /** Trajectories from each start, which are compared with each other; 1: with the whole batch. */
  group: positive.default(4),
  largestAdvantage: z.number().positive().default(5),
  /** Noise of the steps: 1 is ancestral sampling. */
  eta: z.number().gt(0).max(1).default(1),
});

/** What the tuned encoder is compared with. Each is off when it is left out. */
export const baselinesSchema = z.strictObject({
  /** Style phrases appended to the prompts, and a rewriter of the user's own. */
  promptEngineering: z
    .strictObject({
      /** Whose phrases are counted: the training prompts, or captions of the shapes world's web-like data. */
      corpus: z.enum(CORPORA).default('training'),
      corpusPrompts: positive.default(4096),
      /** Share of them that a phrase must be in. */
      least: z.number().gt(0).max(1).default(0.002),
      /** How many phrases are tried, and on how many training and validation prompts. */
      phrases: positive.default(16),
      prompts: positive.default(48),
      longest: positive.default(4),
      samplesPerPrompt: positive.default(1),
      rewriter: z
        .strictObject({
          /** {"prompts": [...]} is POSTed there, and comes back. */
          url: httpUrl.optional(),
          /** Or a program: the same on standard input and output. */
          command: z.array(text).min(1).optional(),
          timeoutSeconds: z.number().positive().default(60),
          batch: positive.default(64),
        })
        .refine(
          ({ url, command }) => (url === undefined) !== (command === undefined),
          'needs a url or a command, and not both',
        )
        .optional(),
    })
    .optional(),
  /** Policy gradients on the text encoder and on the UNet. */
  ddpoEncoder: ddpoSchema.optional(),
  ddpoUnet: ddpoSchema.optional(),
  /** Tuning on x0 as predicted in one step from noised real pictures. */
  direct: z
    .strictObject({
      ...loop,
      /** `shapes`, or a folder of PNG files with metadata.jsonl. */
      pictures: path.default('shapes'),
      count: positive.default(1024),
    })
    .optional(),
});
