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
  steps: tuningSteps.describe('Number of training steps.'),
  batch: batch.describe('Samples per training step.'),
  learningRate: rate.describe("AdamW's learning rate."),
  warmup: warmupSteps.default(0).describe('Steps in which the learning rate rises from 0.'),
  weightDecay: factor.default(0).describe("AdamW's decoupled weight decay."),
  gradientClip: factor.gt(0).default(1).describe("Largest global norm of a network's gradient."),
  checkpointEvery: tuningSteps
    .default(10)
    .describe('Steps between two checkpoints, from which a stopped run continues.'),
  keepEvery: tuningSteps.default(50).describe('Checkpoints at multiples of this many steps are kept for the sweep.'),
};

const ddpoSchema = z
  .strictObject({
    ...loop,
    epochs: positive.max(1000).default(2).describe('Updates on the same trajectories.'),
    clipRange: z
      .number()
      .positive()
      .max(10)
      .default(1e-3)
      .describe('PPO clip range: the ratio of new to old probability is clipped to 1 plus or minus this.'),
    group: batch
      .default(4)
      .describe('Trajectories from each starting latent, compared with each other; 1: compared with the whole batch.'),
    largestAdvantage: z
      .number()
      .positive()
      .max(1_000_000)
      .default(5)
      .describe('Advantages are clipped to plus or minus this.'),
    eta: z.number().gt(0).max(1).default(1).describe('Noise of the steps: 1 is ancestral sampling.'),
  })
  .refine(({ batch, group }) => (group === 1 ? batch > 1 : batch % group !== 1), {
    path: ['group'],
    message:
      'leaves a trajectory of the batch with no other to compare it with, so nothing is learned from it: make batch a multiple of group',
  });

/** Baselines for the tuned encoder. A baseline that is left out is off. */
export const baselinesSchema = z.strictObject({
  promptEngineering: z
    .strictObject({
      corpus: z
        .enum(CORPORA)
        .default('training')
        .describe("Source of the phrases: the training prompts, or captions of an embedded world's web-like data."),
      corpusPrompts: promptCount.default(4096).describe('Number of texts of the corpus to read.'),
      least: z.number().gt(0).max(1).default(0.002).describe('Minimum share of the texts that contain a phrase.'),
      phrases: positive.max(10_000).default(16).describe('Number of phrases to try.'),
      prompts: promptCount.default(48).describe('Number of training and of validation prompts to try the phrases on.'),
      longest: positive.max(10_000).default(4).describe('Largest number of phrases that are appended together.'),
      samplesPerPrompt: samplesPerPrompt.default(1).describe('Pictures of each prompt and phrase.'),
      chooseBy: z
        .enum(['auto', ...JUDGES])
        .optional()
        .describe('Metric that chooses the phrases, as in `sweep`. `rewards`: those that people append for looks.'),
      rewriter: z
        .strictObject({
          url: httpUrl
            .optional()
            .describe('URL that receives {"prompts": [...]} by POST and answers in the same form.'),
          command: command
            .optional()
            .describe('Or a program that reads and writes the same on standard input and output.'),
          timeoutSeconds: z
            .number()
            .positive()
            .max(86_400)
            .default(60)
            .describe('Time limit of one batch, in seconds.'),
          batch: batch.default(64).describe('Prompts sent at once.'),
        })
        .refine(
          ({ url, command }) => (url === undefined) !== (command === undefined),
          'needs exactly one of url and command',
        )
        .optional()
        .describe("A rewriter of the user's own, as a further arm."),
    })
    .optional()
    .describe("Style phrases appended to the prompts, and a rewriter of the user's own."),
  ddpoEncoder: ddpoSchema.optional().describe('Policy gradients (DDPO) on the text encoder.'),
  ddpoUnet: ddpoSchema.optional().describe('Policy gradients (DDPO) on the UNet.'),
  direct: z
    .strictObject({
      ...loop,
      pictures: path.default('shapes').describe('An embedded world, or a folder of PNG files with metadata.jsonl.'),
      count: promptCount.default(1024).describe('Number of pictures to train on.'),
    })
    .optional()
    .describe('Tuning on x0 predicted in one step from noised real pictures.'),
});
