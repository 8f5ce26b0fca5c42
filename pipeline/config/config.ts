import { z } from 'zod';
import {
  COMMENTS,
  isScript,
  KEEP_OR_DROP,
  LANGUAGES,
  MALFORMED,
  OVERLONG,
  TREATMENTS,
} from '../../datasets/rules/rule-names.ts';
import { COMPUTE_TYPES } from '../../engine/compute-type-names.ts';
import { JUDGES } from '../../evaluation/evaluation-names.ts';
import { solverNames } from '../../models/sampling/scheduler-names.ts';
import { REWARD_TYPES } from '../../rewards/reward-names.ts';
import { ROLLOUT_RUNTIMES } from '../../training/training-names.ts';
import { stagesSchema } from '../store/cache-policy.ts';
import { notifySchema } from './sections/notify-settings.ts';
import { baselinesSchema } from './sections/baseline-settings.ts';
import {
  alarmSchema,
  armSchema,
  benchmarkSchema,
  checkComparison,
  largestBlend,
  transferSchema,
} from './sections/comparison-settings.ts';
import { nameSchema } from './name-schema.ts';
import { path } from './config-paths.ts';
import { championSchema, registrySchema } from './sections/registry-settings.ts';
import { checkTuning, tuneEncoderSchema, tuneUnetSchema } from './sections/tuning-settings.ts';

const whole = z.int();
const positive = z.int().min(1);
/** Samples that are held in memory together. */
const batch = positive.max(65_536);
const share = z.number().min(0).max(1);
/** Jaccard similarity of the words and pairs of words of two prompts. */
const similarity = z.number().gt(0).max(1);
const text = z.string().min(1);
const isEncoding = (label: string): boolean => {
  try {
    return new TextDecoder(label).encoding !== '';
  } catch {
    return false;
  }
};

/** The largest number of float32, which the weighted sum is computed in. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/** A reward as the registry loads it. */
export const rewardSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z][\w-]*$/, 'must be a word'),
  type: z.enum(REWARD_TYPES),
  model: path,
  head: path.optional(),
  tokenizer: path.optional(),
  weight: z.number().min(-LARGEST).max(LARGEST),
});

/** The shape of a configuration. Every key has its place here; a key that has none is an error. */
const shape = z.strictObject({
  /** Names the runs. */
  name: nameSchema.default('run'),
  seed: whole.min(0).default(1),
  /** A diffusers folder. */
  model: path,
  prompts: z.strictObject({
    /** `shapes` (the embedded world's own prompts), a file, a folder or a pattern: docs/prompts.md. */
    source: path.default('shapes'),
    /** The column with the prompts, or a path such as raw_data.prompt; found by its name when it is left out. */
    column: text.optional(),
    limit: positive.optional(),
    /** Of text files that are not UTF-8 and have no byte order mark: windows-1252, utf-16le, shift_jis, ... */
    encoding: text
      .refine(isEncoding, 'is no encoding that is known, such as utf-8, windows-1252 or utf-16le')
      .optional(),
    /** Which lines of text files are comments: `# portraits`, any that begin with `#` (sd-scripts), or none. */
    comments: z.enum(COMMENTS).optional(),
    /** Of a data set in several: train, or train+test; all. */
    split: text.optional(),
    /** What becomes of a record that cannot be read: the run is refused, or it is counted and passed over. */
    malformed: z.enum(MALFORMED).optional(),
  }),
  filter: z
    .strictObject({
      minCharacters: whole.min(0).default(3),
      maxCharacters: positive.default(1000),
      /** Tokens with begin and end, at most the tokenizer's length. */
      maxTokens: positive.default(77),
      overlong: z.enum(OVERLONG).default('truncate'),
      /** Words and phrases that drop a prompt, letter case aside. */
      blocked: z.array(text).default([]),
      /** Files of them, one a line. */
      blockedFiles: z.array(path).optional(),
      /** What becomes of a prompt with a word of the list for sexual and gory prompts that comes with the program. */
      nsfw: z.enum(KEEP_OR_DROP).optional(),
      /** What becomes of a prompt with a given name of the list that comes with the program, or a name of these files. */
      personalNames: z.enum(KEEP_OR_DROP).optional(),
      personalNameFiles: z.array(path).optional(),
      /** What becomes of weights such as "(word:1.2)" and "[word]", and of flags such as "--ar 16:9". */
      weights: z.enum(TREATMENTS).optional(),
      flags: z.enum(TREATMENTS).optional(),
      /** Scripts of Unicode (Latin, Cyrillic, Han, ...), and the least share of a prompt's letters that is of them. */
      scripts: z
        .array(
          text.refine(isScript, 'is no script of Unicode; expected names such as Latin, Cyrillic, Greek, Han, Arabic'),
        )
        .min(1)
        .optional(),
      scriptShare: share.optional(),
      /** Languages (ISO 639-1: en, de, ...); prompts of fewer than four words are not looked at. */
      languages: z.array(z.enum(LANGUAGES)).min(1).optional(),
      /** Largest share of a prompt's words that it has said before. */
      maxRepetition: share.optional(),
      /** Similarity to a prompt of `benchmarks` from which on a prompt is dropped. */
      benchmarkSimilarity: similarity.optional(),
      /** Prompts that are nearly the same: from which similarity on, and how many of them are kept. */
      nearDuplicates: z.strictObject({ similarity: similarity.default(0.65), keep: positive.default(1) }).optional(),
    })
    .prefault({}),
  shard: z
    .strictObject({
      rows: positive.default(4096),
      validation: share.default(0.1),
      test: share.default(0.2),
      /** A folder of shards made before: they stay as they are, and the prompts that they lack are added to them. */
      extends: path.optional(),
    })
    .prefault({}),
  sampler: z.strictObject({
    /** T: denoising steps. */
    steps: positive,
    guidance: z.number().min(0),
    /** K: the last steps, through which the gradient flows. */
    gradientSteps: positive,
  }),
  rollout: z.strictObject({
    prompts: positive,
    samplesPerPrompt: positive.default(1),
    batch,
    /** What computes it: onnx is ONNX Runtime, on the CPU only. */
    runtime: z.enum(ROLLOUT_RUNTIMES).default('tensorflow'),
  }),
  rewards: z.array(rewardSchema).min(1),
  /** A reward that nothing is trained on. */
  heldOut: rewardSchema.omit({ name: true, weight: true }).optional(),
  tuneEncoder: tuneEncoderSchema,
  /** Tunes the UNet after the encoder, which is then frozen. */
  tuneUnet: tuneUnetSchema.optional(),
  /** What the tuned encoder is compared with. */
  baselines: baselinesSchema.optional(),
  /** Stops tuning that games its rewards. */
  alarm: alarmSchema.optional(),
  sweep: z.strictObject({
    blends: z.array(z.number().min(0).max(largestBlend)).min(1).default([0, 0.25, 0.5, 0.75, 1]),
    prompts: positive,
    samplesPerPrompt: positive.default(1),
    /** `auto`: the oracle where the prompts have one, else the held-out reward, else the trained ones. */
    chooseBy: z.enum(['auto', ...JUDGES]).default('auto'),
    /** How many of the best networks in the last K steps are tried as exported files, in all steps. */
    finalists: positive.default(2),
  }),
  evaluate: z.strictObject({
    prompts: positive,
    samplesPerPrompt: positive.default(1),
    images: whole.min(0).default(24),
    /** From noise to picture, where they are not to be those of `sampler`; K is then the same share of the steps. */
    scheduler: z.enum(solverNames).optional(),
    steps: positive.optional(),
    /** Weights of the final encoder on the control curve, besides 0 and 1. */
    blends: z.array(z.number().gt(0).max(largestBlend)).default([0.25, 0.5, 0.75, 1.25]),
    /** Further arms: mixes of encoders, another encoder. */
    arms: z.array(armSchema).optional(),
  }),
  /** UNets that the chosen encoder is tried with, without having been tuned with them. */
  transfer: transferSchema.optional(),
  /** Sets of prompts to compare on besides the test split. They are kept out of training. */
  benchmarks: z.array(benchmarkSchema).optional(),
  /** The version in production, which the evaluation compares with what comes out. A scheduled retraining sets it. */
  champion: championSchema.optional(),
  /** Where the encoder is registered, and what a promotion asks for. */
  registry: registrySchema.prefault({}),
  /** Who hears how a run ended. */
  notify: notifySchema,
  /** What `textcraftor ablate` tries: of each group, every combination of the keys' values. In no key. */
  ablations: z.array(z.record(text, z.array(z.union([z.string(), z.number(), z.boolean()])).min(1))).optional(),
  /** What is to be done for some stages, by their names: `evaluate: { cache: off, maxAge: 7d }`. In no key. */
  stages: stagesSchema,
  engine: z
    .strictObject({
      threads: whole.min(0).max(4096).default(0),
      xla: z.boolean().default(false),
      /** Parts of a batch that are computed side by side, a thread each: for networks too small for threads to share an operation. */
      lanes: whole.min(1).max(4096).default(1),
      /**
       * What products, convolutions and activations are computed in, and weights that are not trained are stored in. The
       * rest, what is trained and its optimizer above all, is float32. With float16 the loss is scaled.
       */
      dtype: z.enum(COMPUTE_TYPES).default('float32'),
    })
    .prefault({}),
});

export type Config = z.infer<typeof shape>;

/** The configuration's schema: its shape and what must hold between its values. */
export const configSchema = shape.superRefine((config, context) => {
  const require = (holds: boolean, path: string[], message: string): void => {
    if (!holds) context.addIssue({ code: 'custom', path, message });
  };
  const { sampler, shard, filter, sweep } = config;
  const names = config.rewards.map((item) => item.name);
  require(sampler.gradientSteps <= sampler.steps, [
    'sampler',
    'gradientSteps',
  ], `must be at most sampler.steps (${sampler.steps})`);
  require(shard.validation + shard.test < 1, [
    'shard',
  ], 'leaves no prompts for training: validation and test add up to 1 or more');
  for (const split of ['validation', 'test'] as const)
    require(shard[split] > 0 || shard.extends !== undefined, [
      'shard',
      split,
    ], 'must be above 0: the sweep chooses on validation prompts, and the evaluation compares on test prompts');
  require(filter.minCharacters <= filter.maxCharacters, [
    'filter',
    'minCharacters',
  ], 'must be at most filter.maxCharacters');
  require(new Set(names).size === names.length, ['rewards'], `must have names of their own, got ${names.join(', ')}`);
  checkTuning(config, require);
  checkComparison(config, isShapes(config), require);
  require(sweep.chooseBy !== 'heldOut' || config.heldOut !== undefined, [
    'sweep',
    'chooseBy',
  ], 'is heldOut, but there is no heldOut reward');
  require(sweep.chooseBy !== 'oracle' || isShapes(config), [
    'sweep',
    'chooseBy',
  ], 'is oracle, which only prompts of the shapes world have');
});

/** Whether the prompts are the embedded world's own. */
export function isShapes(config: Config): boolean {
  return config.prompts.source === 'shapes';
}
