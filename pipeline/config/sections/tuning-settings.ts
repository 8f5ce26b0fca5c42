import { z } from 'zod';
import { MOMENT_TYPES } from '../../../training/training-names.ts';
import { path } from '../config-paths.ts';
import {
  batch,
  denoisingSteps,
  factor,
  float32,
  positive,
  rate,
  share,
  tuningSteps,
  warmupSteps,
} from '../number-schemas.ts';

const text = z.string().min(1);

/** Low-rank adapters (LoRA) to tune instead of all parameters. */
const loraSchema = z.strictObject({
  rank: positive.max(65_536).describe('Rank of the adapters: at most the width of the layers.'),
  alpha: z
    .number()
    .positive()
    .max(1_000_000)
    .optional()
    .describe('The adapters are scaled by alpha / rank; default 1.'),
  targets: z.array(text).min(1).optional().describe('Suffixes of layer names; default: the attention projections.'),
});

/** Choice of the last K steps that carry gradient: docs/method.md. */
const gradientSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('last').describe('The last K steps carry gradient, or fewer.'),
    steps: denoisingSteps.optional().describe('Number of last steps that carry gradient; default K.'),
  }),
  z.strictObject({
    type: z
      .literal('random')
      .describe('The last k steps carry gradient; k is drawn from 1 to K in each training step.'),
  }),
  z.strictObject({
    type: z
      .literal('draft-lv')
      .describe('The last step alone carries gradient, several times with new noise (DRaFT-LV).'),
    repeats: positive.max(1000).default(2).describe('How many times.'),
  }),
]);

/** Random augmentations in each step, against overfitting. */
const augmentSchema = z.strictObject({
  crop: share.default(0).describe('Largest share of the decoded picture that a random crop removes.'),
  flip: z.boolean().default(false).describe('Mirrors the decoded picture at random.'),
  cutout: share.default(0).describe("Side of a gray square, as a share of the picture's."),
  wordDropout: share.default(0).describe('Probability of dropping a word of the prompt.'),
  paraphrase: z.boolean().default(false).describe("Uses other wordings of an embedded world's prompts."),
});

/** Settings of every tuning stage. */
const tuning = {
  steps: tuningSteps.describe('Number of training steps.'),
  batch: batch.describe('Samples per training step.'),
  learningRate: rate.describe("AdamW's learning rate."),
  warmup: warmupSteps.default(0).describe('Steps in which the learning rate rises from 0.'),
  weightDecay: factor.default(0).describe("AdamW's decoupled weight decay."),
  optimizer: z
    .strictObject({ states: z.enum(MOMENT_TYPES).describe("Number type of AdamW's moments.") })
    .optional()
    .describe("Storage of AdamW's moments: 8 bits take a quarter of the memory."),
  gradientClip: factor.gt(0).default(1).describe("Largest global norm of a network's gradient."),
  checkpointEvery: tuningSteps
    .default(10)
    .describe('Steps between two checkpoints, from which a stopped run continues.'),
  keepEvery: tuningSteps.default(50).describe('Checkpoints at multiples of this many steps are kept for the sweep.'),
  rewardWeights: z
    .record(text, float32)
    .optional()
    .describe('Reward weights of this stage by name, overriding those under `rewards`.'),
  gradient: gradientSchema.optional().describe('Choice of the steps that carry gradient: docs/method.md.'),
  lora: loraSchema.optional().describe('Low-rank adapters (LoRA) to tune instead of all parameters.'),
  average: z
    .number()
    .gt(0)
    .lt(1)
    .optional()
    .describe('Decay of a moving average of the trained weights, which is kept instead of them.'),
  weightPull: factor
    .optional()
    .describe('Weight of the squared distance between the parameters and the original ones.'),
  augment: augmentSchema
    .optional()
    .describe('Random changes of pictures and prompts in each step, against overfitting.'),
};

export const tuneEncoderSchema = z.strictObject({
  ...tuning,
  startFrom: path
    .optional()
    .describe('A text encoder (folder or safetensors file) to start from; default: the original one.'),
  embeddingPull: factor
    .default(0)
    .describe('Weight of the mean squared distance between the embeddings and the original ones.'),
  joint: z
    .strictObject({
      learningRate: rate.describe("The UNet's learning rate."),
      lora: loraSchema.optional().describe('Low-rank adapters of the UNet, instead of all its parameters.'),
    })
    .optional()
    .describe('Trains the UNet at the same time.'),
});

export const tuneUnetSchema = z.strictObject({
  ...tuning,
  blend: share
    .default(1)
    .describe(
      "Weight of the tuned encoder's embeddings during UNet tuning: 1 as in the paper, 0 to fuse them afterwards.",
    ),
});

interface Tuned {
  rewards: readonly { name: string; weight: number }[];
  sampler: { gradientSteps: number };
  tuneEncoder: z.infer<typeof tuneEncoderSchema>;
  tuneUnet?: z.infer<typeof tuneUnetSchema> | undefined;
}

/** Checks the constraints between the values of the tuning stages. */
export function checkTuning(
  { rewards, sampler, tuneEncoder, tuneUnet }: Tuned,
  require: (holds: boolean, path: string[], message: string) => void,
): void {
  const names = rewards.map(({ name }) => name);
  require(!(tuneEncoder.joint && tuneUnet), [
    'tuneUnet',
  ], 'tunes the UNet after the encoder, but tuneEncoder.joint tunes it at the same time: leave one out');
  for (const [section, stage] of Object.entries({ tuneEncoder, tuneUnet })) {
    if (!stage) continue;
    const unknown = Object.keys(stage.rewardWeights ?? {}).find((name) => !names.includes(name));
    require(unknown === undefined, [
      section,
      'rewardWeights',
    ], `has a weight for ${unknown}; the rewards are ${names.join(', ')}`);
    require(stageRewards(rewards, stage.rewardWeights).some(({ weight }) => weight !== 0), stage.rewardWeights
      ? [section, 'rewardWeights']
      : ['rewards'], `leave nothing to tune on: every weight is 0 in ${section}`);
    const all = stage.lora && (section === 'tuneUnet' || !tuneEncoder.joint || tuneEncoder.joint.lora);
    require(!(stage.weightPull && all), [
      section,
      'weightPull',
    ], 'pulls parameters that lora does not change: use weightDecay');
    const { gradient } = stage;
    require(gradient?.type !== 'last' || (gradient.steps ?? 1) <= sampler.gradientSteps, [
      section,
      'gradient',
      'steps',
    ], `must be at most sampler.gradientSteps (${sampler.gradientSteps})`);
  }
}

/** Returns the rewards with a stage's own weights. */
export const stageRewards = <R extends { name: string; weight: number }>(
  rewards: readonly R[],
  weights: Readonly<Record<string, number>> = {},
): R[] => rewards.map((reward) => ({ ...reward, weight: weights[reward.name] ?? reward.weight }));
