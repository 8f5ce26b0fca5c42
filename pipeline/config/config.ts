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
import { schedulerNames } from '../../models/sampling/scheduler-names.ts';
import { REWARD_TYPES } from '../../rewards/reward-names.ts';
import { ROLLOUT_RUNTIMES } from '../../training/training-names.ts';
import { isWorldName, type SourceName } from '../../world/scenes/common/world-names.ts';
import { stagesSchema } from '../store/cache-policy.ts';
import { notifySchema } from './sections/notify-settings.ts';
import { baselinesSchema } from './sections/baseline-settings.ts';
import {
  alarmSchema,
  armSchema,
  benchmarkSchema,
  checkComparison,
  largestBlend,
  ONLY_WORLDS_HAVE,
  transferSchema,
} from './sections/comparison-settings.ts';
import { commonSettings, engineKeys } from './common-schema.ts';
import { path } from './config-paths.ts';
import {
  batch,
  denoisingSteps,
  float32,
  keptPictures,
  MOST_PICTURES,
  positive,
  promptCount,
  rows,
  samplesPerPrompt,
  share,
  whole,
} from './number-schemas.ts';
import { championSchema, registrySchema } from './sections/registry-settings.ts';
import { idleKeys } from './sections/idle-keys.ts';
import { checkTuning, tuneEncoderSchema, tuneUnetSchema } from './sections/tuning-settings.ts';

/** Jaccard similarity of two prompts, over their words and pairs of adjacent words. */
const similarity = z.number().gt(0).max(1);
const text = z.string().min(1);
const isEncoding = (label: string): boolean => {
  try {
    return new TextDecoder(label).encoding !== '';
  } catch {
    return false;
  }
};

/** Runs of `textcraftor ablate`: each combination is checked before the first one runs. */
const MOST_ABLATIONS = 1000;
/** Longest line of a prompt file, in characters. */
const LONGEST = 16 * 2 ** 20;

/** A reward model and its weight. */
export const rewardSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z][\w-]*$/, 'must be a word'),
  type: z.enum(REWARD_TYPES),
  model: path,
  head: path.optional(),
  tokenizer: path.optional(),
  text: text.optional(),
  against: z.array(text).min(1).max(1000).optional(),
  weight: float32,
});

const { name, seed } = commonSettings('run');

/** The shape of a configuration. It lists every key; any other key is an error. */
const shape = z.strictObject({
  /** Names the runs. */
  name,
  seed,
  /** A diffusers folder. */
  model: path,
  prompts: z.strictObject({
    /** An embedded world (`shapes` or `gallery`: its own prompts), a file, a folder or a pattern: docs/prompts.md. */
    source: path.default('shapes'),
    /** The column with the prompts, or a path such as raw_data.prompt; found by its name when it is left out. */
    column: text.optional(),
    limit: rows.optional(),
    /** Encoding of text files that are not UTF-8 and have no byte order mark: windows-1252, utf-16le, shift_jis, ... */
    encoding: text.refine(isEncoding, 'is not a known encoding, such as utf-8, windows-1252 or utf-16le').optional(),
    /** Comments in text files: lines like `# portraits`, all lines that begin with `#` (sd-scripts), or none. */
    comments: z.enum(COMMENTS).optional(),
    /** Split to read from a data set with several: train, train+test, or all. */
    split: text.optional(),
    /** Treatment of a record that cannot be read: it fails the run, or is counted and skipped. */
    malformed: z.enum(MALFORMED).optional(),
  }),
  filter: z
    .strictObject({
      minCharacters: whole.max(LONGEST).default(3),
      maxCharacters: positive.max(LONGEST).default(1000),
      /** Maximum number of tokens with start and end, at most the tokenizer's length. */
      maxTokens: positive.max(LONGEST).default(77),
      overlong: z.enum(OVERLONG).default('truncate'),
      /** Words and phrases that drop a prompt, ignoring case. */
      blocked: z.array(text).default([]),
      /** Files with such words and phrases, one per line. */
      blockedFiles: z.array(path).optional(),
      /** Whether to keep a prompt with a word of the built-in list of sexual and gory words. */
      nsfw: z.enum(KEEP_OR_DROP).optional(),
      /** Whether to keep a prompt with a given name of the built-in list, or a name of these files. */
      personalNames: z.enum(KEEP_OR_DROP).optional(),
      personalNameFiles: z.array(path).optional(),
      /** Treatment of weights such as "(word:1.2)" and "[word]", and of flags such as "--ar 16:9". */
      weights: z.enum(TREATMENTS).optional(),
      flags: z.enum(TREATMENTS).optional(),
      /** Unicode scripts (Latin, Cyrillic, Han, ...), and the minimum share of a prompt's letters in them. */
      scripts: z
        .array(
          text.refine(isScript, 'is not a Unicode script; expected names such as Latin, Cyrillic, Greek, Han, Arabic'),
        )
        .min(1)
        .optional(),
      scriptShare: z.number().gt(0).max(1).optional(),
      /** Languages to keep (ISO 639-1: en, de, ...); prompts of fewer than four words are not checked. */
      languages: z.array(z.enum(LANGUAGES)).min(1).optional(),
      /** Maximum share of a prompt's words that repeat earlier ones. */
      maxRepetition: share.optional(),
      /** A prompt at least this similar to a prompt of `benchmarks` is dropped. */
      benchmarkSimilarity: similarity.optional(),
      /** Near duplicates: minimum similarity, and how many of each cluster are kept. */
      nearDuplicates: z.strictObject({ similarity: similarity.default(0.65), keep: rows.default(1) }).optional(),
    })
    .prefault({}),
  shard: z
    .strictObject({
      rows: rows.default(4096),
      validation: share.default(0.1),
      test: share.default(0.2),
      /** A folder of existing shards: they stay unchanged, and the prompts they lack are added. */
      extends: path.optional(),
    })
    .prefault({}),
  sampler: z.strictObject({
    /** T: denoising steps. */
    steps: denoisingSteps,
    guidance: z.number().min(0).max(1000),
    /** K: number of last denoising steps that the gradient flows through. */
    gradientSteps: denoisingSteps,
  }),
  rollout: z.strictObject({
    prompts: promptCount,
    samplesPerPrompt: samplesPerPrompt.default(1),
    batch,
    /** Computes the rollout (the denoising steps before the last K, without gradient): onnx is ONNX Runtime, CPU only. */
    runtime: z.enum(ROLLOUT_RUNTIMES).default('tensorflow'),
  }),
  rewards: z.array(rewardSchema).min(1),
  /** A reward that is only evaluated, never trained on. */
  heldOut: rewardSchema.omit({ name: true, weight: true }).optional(),
  tuneEncoder: tuneEncoderSchema,
  /** Tunes the UNet after the encoder, which is then frozen. */
  tuneUnet: tuneUnetSchema.optional(),
  /** Methods that the tuned encoder is compared with. */
  baselines: baselinesSchema.optional(),
  /** Stops tuning that games its rewards. */
  alarm: alarmSchema.optional(),
  sweep: z.strictObject({
    blends: z
      .array(z.number().min(0).max(largestBlend))
      .refine(
        (blends) => blends.some((blend) => blend > 0),
        'has no weight above 0, so no tuned encoder would be tried',
      )
      .refine((blends) => new Set(blends).size === blends.length, 'has a weight twice')
      .default([0, 0.25, 0.5, 0.75, 1]),
    prompts: promptCount,
    samplesPerPrompt: samplesPerPrompt.default(1),
    /** Metric that chooses. `auto`: the oracle if the prompts have one, else the held-out reward, else the trained ones. */
    chooseBy: z.enum(['auto', ...JUDGES]).default('auto'),
    /** Number of the best networks (judged in the last K steps) that are also tried as exported files, in all steps. */
    finalists: positive.max(1000).default(2),
  }),
  evaluate: z.strictObject({
    prompts: promptCount,
    samplesPerPrompt: samplesPerPrompt.default(1),
    images: keptPictures.default(24),
    /** Denoising steps, if different from `sampler`; K is then the same share of them. */
    scheduler: z.enum(schedulerNames).optional(),
    steps: denoisingSteps.optional(),
    /** Weights of the final encoder's embeddings on the control curve, besides 0 and 1. */
    blends: z.array(z.number().gt(0).max(largestBlend)).default([0.25, 0.5, 0.75, 1.25]),
    /** Further arms, that is encoders to compare: mixes of encoders, or another encoder. */
    arms: z.array(armSchema).optional(),
  }),
  /** UNets to try the chosen encoder with, although it was not tuned with them. */
  transfer: transferSchema.optional(),
  /** Prompt sets to compare on besides the test split. They are kept out of training. */
  benchmarks: z.array(benchmarkSchema).optional(),
  /** The version in production, which the evaluation compares with the new one. Set by a scheduled retraining. */
  champion: championSchema.optional(),
  /** Name under which the encoder is registered, and the conditions for its promotion. */
  registry: registrySchema.prefault({}),
  /** Hooks to call when a run ends. */
  notify: notifySchema,
  /** Settings for `textcraftor ablate`, which tries every combination of the values in each group. Not part of any key. */
  ablations: z.array(z.record(text, z.array(z.union([z.string(), z.number(), z.boolean()])).min(1))).optional(),
  /** Cache settings by stage name: `evaluate: { cache: off }`, `sweep: { maxAge: 7d }`. Not part of any key. */
  stages: stagesSchema,
  engine: z
    .strictObject({
      ...engineKeys,
      /** Parts of a batch computed in parallel, a thread each: for networks too small to split operations over threads. */
      lanes: positive.max(4096).default(1),
      /**
       * Number type of products, convolutions, activations and stored frozen weights. Everything else, above all trained
       * weights and optimizer state, is float32. With float16 the loss is scaled.
       */
      dtype: z.enum(COMPUTE_TYPES).default('float32'),
    })
    .prefault({}),
});

export type Config = z.infer<typeof shape>;

/** The configuration's schema: its shape and the constraints between its values. */
export const configSchema = shape.superRefine((config, context) => {
  const require = (holds: boolean, path: (string | number)[], message: string): void => {
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
  require(new Set(names).size === names.length, ['rewards'], `must have distinct names, got ${names.join(', ')}`);
  checkTuning(config, require);
  checkComparison(config, worldOf(config), require);
  require(sweep.chooseBy !== 'heldOut' || config.heldOut !== undefined, [
    'sweep',
    'chooseBy',
  ], 'is heldOut, but no heldOut reward is configured');
  require(sweep.chooseBy !== 'oracle' || worldOf(config) !== undefined, [
    'sweep',
    'chooseBy',
  ], `is oracle, which ${ONLY_WORLDS_HAVE}`);
  for (const [path, why] of idleKeys(config)) require(false, path, `has no effect, since ${why}: leave it out`);
  checkAmounts(config, require);
});

/** Checks the products of numbers, each of which may be large alone. */
function checkAmounts(config: Config, require: (holds: boolean, path: string[], message: string) => void): void {
  const { rollout, alarm, baselines, sweep, evaluate, transfer, ablations = [] } = config;
  const sections = {
    rollout,
    alarm,
    sweep,
    evaluate,
    transfer,
    'baselines.promptEngineering': baselines?.promptEngineering,
  };
  for (const [name, section] of Object.entries(sections)) {
    const { prompts, samplesPerPrompt } = section ?? { prompts: 0, samplesPerPrompt: 0 };
    require(prompts * samplesPerPrompt <= MOST_PICTURES, [
      ...name.split('.'),
      'samplesPerPrompt',
    ], `makes ${prompts * samplesPerPrompt} pictures of ${prompts} prompts; at most ${MOST_PICTURES} are allowed`);
  }
  const runs = ablations
    .map((group) => Object.values(group).reduce((product, values) => product * values.length, 1))
    .reduce((sum, product) => sum + product, 0);
  require(runs <= MOST_ABLATIONS, ['ablations'], `makes ${runs} combinations; at most ${MOST_ABLATIONS} are allowed`);
}

/** Returns the embedded world that the prompts come from; `undefined` when they come from files. */
export function worldOf({ prompts: { source } }: Pick<Config, 'prompts'>): SourceName | undefined {
  return isWorldName(source) ? source : undefined;
}
