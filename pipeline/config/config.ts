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
  embedsPictures,
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
import { checkStyles, stylesSchema } from './sections/style-settings.ts';
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
  name: z
    .string()
    .regex(/^[A-Za-z][\w-]*$/, 'must be a word')
    .describe('Its name: a word, under which its scores appear.'),
  type: z.enum(REWARD_TYPES).describe('Kind of the reward model: docs/models.md lists what each reads.'),
  model: path.describe('Folder or file of the reward model, or owner/name on the Hugging Face hub.'),
  head: path.optional().describe('Weight file of the head of an aesthetic reward.'),
  tokenizer: path.optional().describe('Folder of the tokenizer, if it is not beside the model.'),
  text: text.optional().describe('What every picture shall be, whatever its prompt: for clip-zero-shot.'),
  against: z.array(text).min(1).max(1000).optional().describe('The texts among which clip-zero-shot chooses `text`.'),
  weight: float32.describe('Weight in the sum of rewards that tuning raises; 0 only reports it.'),
});

const { name, seed } = commonSettings('run');

/** The shape of a configuration. It lists every key; any other key is an error. */
const shape = z.strictObject({
  name: name.describe('Names the runs.'),
  seed: seed.describe('Seed of every random number of the run.'),
  model: path.describe('A diffusers folder, or owner/name on the Hugging Face hub.'),
  prompts: z
    .strictObject({
      source: path
        .default('shapes')
        .describe(
          'An embedded world (`shapes` or `gallery`: its own prompts), a file, a folder or a pattern: docs/prompts.md.',
        ),
      column: text
        .optional()
        .describe(
          'The column with the prompts, or a path such as raw_data.prompt; found by its name when it is left out.',
        ),
      limit: rows.optional().describe('Reads at most this many prompts of the source.'),
      encoding: text
        .refine(isEncoding, 'is not a known encoding, such as utf-8, windows-1252 or utf-16le')
        .optional()
        .describe(
          'Encoding of text files that are not UTF-8 and have no byte order mark: windows-1252, utf-16le, shift_jis, ...',
        ),
      comments: z
        .enum(COMMENTS)
        .optional()
        .describe(
          'Comments in text files: lines like `# portraits`, all lines that begin with `#` (sd-scripts), or none.',
        ),
      split: text.optional().describe('Split to read from a data set with several: train, train+test, or all.'),
      malformed: z
        .enum(MALFORMED)
        .optional()
        .describe('Treatment of a record that cannot be read: it fails the run, or is counted and skipped.'),
    })
    .describe('Where prompts come from, and how they are read.'),
  filter: z
    .strictObject({
      minCharacters: whole.max(LONGEST).default(3).describe('A prompt with fewer characters is dropped.'),
      maxCharacters: positive.max(LONGEST).default(1000).describe('A prompt with more characters is dropped.'),
      maxTokens: positive
        .max(LONGEST)
        .default(77)
        .describe("Maximum number of tokens with start and end, at most the tokenizer's length."),
      overlong: z
        .enum(OVERLONG)
        .default('truncate')
        .describe('Treatment of a prompt with more than `maxTokens`: its end is cut off, or it is dropped.'),
      blocked: z.array(text).default([]).describe('Words and phrases that drop a prompt, ignoring case.'),
      blockedFiles: z.array(path).optional().describe('Files with such words and phrases, one per line.'),
      nsfw: z
        .enum(KEEP_OR_DROP)
        .optional()
        .describe('Whether to keep a prompt with a word of the built-in list of sexual and gory words.'),
      personalNames: z
        .enum(KEEP_OR_DROP)
        .optional()
        .describe('Whether to keep a prompt with a given name of the built-in list.'),
      personalNameFiles: z
        .array(path)
        .optional()
        .describe('Files with further names that drop a prompt, one per line.'),
      weights: z.enum(TREATMENTS).optional().describe('Treatment of weights such as "(word:1.2)" and "[word]".'),
      flags: z.enum(TREATMENTS).optional().describe('Treatment of flags such as "--ar 16:9".'),
      scripts: z
        .array(
          text.refine(isScript, 'is not a Unicode script; expected names such as Latin, Cyrillic, Greek, Han, Arabic'),
        )
        .min(1)
        .optional()
        .describe("Unicode scripts (Latin, Cyrillic, Han, ...) that a prompt's letters must be in."),
      scriptShare: z.number().gt(0).max(1).optional().describe("Minimum share of a prompt's letters in `scripts`."),
      languages: z
        .array(z.enum(LANGUAGES))
        .min(1)
        .optional()
        .describe('Languages to keep (ISO 639-1: en, de, ...); prompts of fewer than four words are not checked.'),
      maxRepetition: share.optional().describe("Maximum share of a prompt's words that repeat earlier ones."),
      benchmarkSimilarity: similarity
        .optional()
        .describe('A prompt at least this similar to a prompt of `benchmarks` is dropped.'),
      nearDuplicates: z
        .strictObject({
          similarity: similarity
            .default(0.65)
            .describe('Minimum similarity (Jaccard, over words and pairs of them) of near duplicates.'),
          keep: rows.default(1).describe('How many of each cluster of near duplicates are kept.'),
        })
        .optional()
        .describe('Drops prompts that nearly repeat others.'),
    })
    .prefault({})
    .describe('Which prompts are kept, and how they are cleaned: docs/prompts.md.'),
  shard: z
    .strictObject({
      rows: rows.default(4096).describe('Prompts per file.'),
      validation: share.default(0.1).describe('Share of the prompts that choices are made on.'),
      test: share.default(0.2).describe('Share of the prompts that results are reported on.'),
      extends: path
        .optional()
        .describe('A folder of existing shards: they stay unchanged, and the prompts they lack are added.'),
    })
    .prefault({})
    .describe('How prompts are split into training, validation and test, and into files.'),
  sampler: z
    .strictObject({
      steps: denoisingSteps.describe('T: denoising steps.'),
      guidance: z.number().min(0).max(1000).describe('Scale of classifier-free guidance; 1 for none.'),
      gradientSteps: denoisingSteps.describe('K: number of last denoising steps that the gradient flows through.'),
    })
    .describe('How pictures are made: in training, and in the comparison unless `evaluate` says otherwise.'),
  rollout: z
    .strictObject({
      prompts: promptCount.describe('Number of training prompts whose first steps are kept.'),
      samplesPerPrompt: samplesPerPrompt.default(1).describe('Start noises of each prompt.'),
      batch: batch.describe('Pictures computed at once.'),
      runtime: z
        .enum(ROLLOUT_RUNTIMES)
        .default('tensorflow')
        .describe(
          'Computes the rollout (the denoising steps before the last K, without gradient): onnx is ONNX Runtime, CPU only.',
        ),
    })
    .describe('The denoising steps before the last K, done once without gradient.'),
  rewards: z.array(rewardSchema).min(1).describe('The reward models whose weighted sum tuning raises.'),
  heldOut: rewardSchema
    .omit({ name: true, weight: true })
    .optional()
    .describe('A reward that is only evaluated, never trained on.'),
  tuneEncoder: tuneEncoderSchema.describe('Tunes the text encoder.'),
  tuneUnet: tuneUnetSchema.optional().describe('Tunes the UNet after the encoder, which is then frozen.'),
  baselines: baselinesSchema.optional().describe('Methods that the tuned encoder is compared with.'),
  alarm: alarmSchema.optional().describe('Stops tuning that games its rewards.'),
  sweep: z
    .strictObject({
      blends: z
        .array(z.number().min(0).max(largestBlend))
        .refine(
          (blends) => blends.some((blend) => blend > 0),
          'has no weight above 0, so no tuned encoder would be tried',
        )
        .refine((blends) => new Set(blends).size === blends.length, 'has a weight twice')
        .default([0, 0.25, 0.5, 0.75, 1])
        .describe("Weights of a tuned encoder's embeddings to try; 0 is the original encoder."),
      prompts: promptCount.describe('Number of validation prompts to choose on.'),
      samplesPerPrompt: samplesPerPrompt.default(1).describe('Pictures of each prompt and candidate.'),
      chooseBy: z
        .enum(['auto', ...JUDGES])
        .default('auto')
        .describe(
          'Metric that chooses. `auto`: the oracle if the prompts have one, else the held-out reward, else the trained ones.',
        ),
      finalists: positive
        .max(1000)
        .default(2)
        .describe(
          'Number of the best networks (judged in the last K steps) that are also tried as exported files, in all steps.',
        ),
      unets: z
        .boolean()
        .optional()
        .describe('Whether UNets of `tuneUnet` may be chosen too; false chooses an encoder for the original UNet.'),
    })
    .describe('Chooses a checkpoint and a blend on validation prompts.'),
  evaluate: z
    .strictObject({
      prompts: promptCount.describe('Number of test prompts to compare on.'),
      samplesPerPrompt: samplesPerPrompt
        .default(1)
        .describe('Pictures of each prompt and arm; at least 2 to measure diversity.'),
      images: keptPictures.default(24).describe('Number of prompts whose pictures are kept for the report.'),
      scheduler: z
        .enum(schedulerNames)
        .optional()
        .describe('Sampling method of the comparison; default: ddim, as in training.'),
      steps: denoisingSteps
        .optional()
        .describe('Denoising steps of the comparison, if different from `sampler`; K is then the same share of them.'),
      blends: z
        .array(z.number().gt(0).max(largestBlend))
        .default([0.25, 0.5, 0.75, 1.25])
        .describe("Weights of the final encoder's embeddings on the control curve, besides 0 and 1."),
      arms: z
        .array(armSchema)
        .optional()
        .describe('Further arms, that is encoders to compare: mixes of encoders, or another encoder.'),
    })
    .describe('Compares the chosen encoder with the original one on test prompts.'),
  transfer: transferSchema
    .optional()
    .describe('UNets to try the chosen encoder with, although it was not tuned with them.'),
  styles: stylesSchema
    .optional()
    .describe('Encoders tuned towards single rewards, to be blended and mixed by weights: docs/style.md.'),
  benchmarks: z
    .array(benchmarkSchema)
    .optional()
    .describe('Prompt sets to compare on besides the test split. They are kept out of training.'),
  champion: championSchema
    .optional()
    .describe(
      'The version in production, which the evaluation compares with the new one. Set by a scheduled retraining.',
    ),
  registry: registrySchema
    .prefault({})
    .describe('Name under which the encoder is registered, and the conditions for its promotion.'),
  notify: notifySchema.describe('Hooks to call when a run ends.'),
  ablations: z
    .array(z.record(text, z.array(z.union([z.string(), z.number(), z.boolean()])).min(1)))
    .optional()
    .describe(
      'Settings for `textcraftor ablate`, which tries every combination of the values in each group. Not part of any key.',
    ),
  stages: stagesSchema.describe(
    'Cache settings by stage name: `evaluate: { cache: off }`, `sweep: { maxAge: 7d }`. Not part of any key.',
  ),
  engine: z
    .strictObject({
      ...engineKeys,
      lanes: positive
        .max(4096)
        .default(1)
        .describe(
          'Parts of a batch computed in parallel, a thread each: for networks too small to split operations over threads.',
        ),
      dtype: z
        .enum(COMPUTE_TYPES)
        .default('float32')
        .describe(
          'Number type of products, convolutions, activations and stored frozen weights. Everything else, above all trained weights and optimizer state, is float32. With float16 the loss is scaled.',
        ),
    })
    .prefault({})
    .describe('How the networks are computed.'),
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
  const choices = { sweep, 'baselines.promptEngineering': config.baselines?.promptEngineering };
  for (const [section, { chooseBy } = {}] of Object.entries(choices)) {
    const path = [...section.split('.'), 'chooseBy'];
    require(chooseBy !== 'heldOut' ||
      config.heldOut !== undefined, path, 'is heldOut, but no heldOut reward is configured');
    require(chooseBy !== 'oracle' || worldOf(config) !== undefined, path, `is oracle, which ${ONLY_WORLDS_HAVE}`);
  }
  if (config.styles) checkStyles(config.styles, { ...config, embeds: embedsPictures(config) }, require);
  for (const [path, why] of idleKeys(config)) require(false, path, `has no effect, since ${why}: leave it out`);
  checkAmounts(config, require);
});

/** Checks the products of numbers, each of which may be large alone. */
function checkAmounts(config: Config, require: (holds: boolean, path: string[], message: string) => void): void {
  const { rollout, alarm, baselines, sweep, evaluate, transfer, styles, ablations = [] } = config;
  const sections = {
    rollout,
    alarm,
    sweep,
    evaluate,
    transfer,
    styles,
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
