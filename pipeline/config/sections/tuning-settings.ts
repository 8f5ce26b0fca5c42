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
  /** At most the width of the layers, which only their weights tell. */
  rank: positive.max(65_536),
  /** The adapters are scaled by alpha / rank; default 1. */
  alpha: z.number().positive().max(1_000_000).optional(),
  /** Suffixes of layer names; default: the attention projections. */
  targets: z.array(text).min(1).optional(),
});

/** Choice of the last K steps that carry gradient: docs/method.md. */
const gradientSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('last'), steps: denoisingSteps.optional() }),
  z.strictObject({ type: z.literal('random') }),
  z.strictObject({ type: z.literal('draft-lv'), repeats: positive.max(1000).default(2) }),
]);

/** Random augmentations in each step, against overfitting. */
const augmentSchema = z.strictObject({
  /** Augments the decoded picture: largest share that a crop removes, mirroring, side of a gray square. */
  crop: share.default(0),
  flip: z.boolean().default(false),
  cutout: share.default(0),
  /** Augments the prompt: probability of dropping a word; other wordings of an embedded world's prompts. */
  wordDropout: share.default(0),
  paraphrase: z.boolean().default(false),
});

/** Settings of every tuning stage. */
const tuning = {
  steps: tuningSteps,
  batch,
  learningRate: rate,
  warmup: warmupSteps.default(0),
  weightDecay: factor.default(0),
  /** Storage of AdamW's moments: 8 bits take a quarter of the memory. */
  optimizer: z.strictObject({ states: z.enum(MOMENT_TYPES) }).optional(),
  /** Largest global norm of a network's gradient. */
  gradientClip: factor.gt(0).default(1),
  checkpointEvery: tuningSteps.default(10),
  /** Checkpoints at multiples of this many steps are kept for the sweep. */
  keepEvery: tuningSteps.default(50),
  /** Reward weights of this stage by name, overriding those under `rewards`. */
  rewardWeights: z.record(text, float32).optional(),
  gradient: gradientSchema.optional(),
  lora: loraSchema.optional(),
  /** Decay of a moving average of the trained weights, which is kept instead of them. */
  average: z.number().gt(0).lt(1).optional(),
  /** Weight of the squared distance between the parameters and the original ones. */
  weightPull: factor.optional(),
  augment: augmentSchema.optional(),
};

export const tuneEncoderSchema = z.strictObject({
  ...tuning,
  /** A text encoder (folder or safetensors file) to start from; default: the original one. */
  startFrom: path.optional(),
  /** Weight of the mean squared distance between the embeddings and the original ones. */
  embeddingPull: factor.default(0),
  /** Trains the UNet at the same time. */
  joint: z.strictObject({ learningRate: rate, lora: loraSchema.optional() }).optional(),
});

export const tuneUnetSchema = z.strictObject({
  ...tuning,
  /** Weight of the tuned encoder's embeddings during UNet tuning: 1 as in the paper, 0 to fuse them afterwards. */
  blend: share.default(1),
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
