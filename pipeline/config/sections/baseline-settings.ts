import { z } from 'zod';
import { CORPORA } from '../../../datasets/rules/rule-names.ts';
import { JUDGES } from '../../../evaluation/evaluation-names.ts';
import { httpUrl } from '../../http-url.ts';
import { command, path } from '../config-paths.ts';
import {
  batch,
  factor,
  positive,
  promptCount,
  rate,
  samplesPerPrompt,
  tuningSteps,
  warmupSteps,
} from '../number-schemas.ts';

/** Loop settings of every tuned baseline. */
const loop = {
  steps: tuningSteps,
  batch,
  learningRate: rate,
  warmup: warmupSteps.default(0),
  weightDecay: factor.default(0),
  gradientClip: factor.gt(0).default(1),
  checkpointEvery: tuningSteps.default(10),
  keepEvery: tuningSteps.default(50),
};

const ddpoSchema = z
  .strictObject({
    ...loop,
    /** Updates on the same trajectories. */
    epochs: positive.max(1000).default(2),
    /** PPO clip range: the ratio of new to old probability is clipped to 1 plus or minus this. */
    clipRange: z.number().positive().max(10).default(1e-3),
    /** Trajectories from each starting latent, compared with each other; 1: compared with the whole batch. */
    group: batch.default(4),
    largestAdvantage: z.number().positive().max(1_000_000).default(5),
    /** Noise of the steps: 1 is ancestral sampling. */
    eta: z.number().gt(0).max(1).default(1),
  })
  .refine(({ batch, group }) => (group === 1 ? batch > 1 : batch % group !== 1), {
    path: ['group'],
    message:
      'leaves a trajectory of the batch with no other to compare it with, so nothing is learned from it: make batch a multiple of group',
  });

/** Baselines for the tuned encoder. A baseline that is left out is off. */
export const baselinesSchema = z.strictObject({
  /** Style phrases appended to the prompts, and a rewriter of the user's own. */
  promptEngineering: z
    .strictObject({
      /** Source of the phrases: the training prompts, or captions of an embedded world's web-like data. */
      corpus: z.enum(CORPORA).default('training'),
      corpusPrompts: promptCount.default(4096),
      /** Minimum share of the texts that contain a phrase. */
      least: z.number().gt(0).max(1).default(0.002),
      /** Number of phrases to try, and of training and validation prompts to try them on. */
      phrases: positive.max(10_000).default(16),
      prompts: promptCount.default(48),
      longest: positive.max(10_000).default(4),
      samplesPerPrompt: samplesPerPrompt.default(1),
      /** Metric that chooses the phrases, as in `sweep`. `rewards`: those that people append for looks. */
      chooseBy: z.enum(['auto', ...JUDGES]).optional(),
      rewriter: z
        .strictObject({
          /** URL that receives {"prompts": [...]} by POST and answers in the same form. */
          url: httpUrl.optional(),
          /** Or a program that reads and writes the same on standard input and output. */
          command: command.optional(),
          /** For one batch; a timer has at most 2^31 milliseconds. */
          timeoutSeconds: z.number().positive().max(86_400).default(60),
          batch: batch.default(64),
        })
        .refine(
          ({ url, command }) => (url === undefined) !== (command === undefined),
          'needs exactly one of url and command',
        )
        .optional(),
    })
    .optional(),
  /** Policy gradients (DDPO) on the text encoder and on the UNet. */
  ddpoEncoder: ddpoSchema.optional(),
  ddpoUnet: ddpoSchema.optional(),
  /** Tuning on x0 predicted in one step from noised real pictures. */
  direct: z
    .strictObject({
      ...loop,
      /** An embedded world, or a folder of PNG files with metadata.jsonl. */
      pictures: path.default('shapes'),
      count: promptCount.default(1024),
    })
    .optional(),
});
