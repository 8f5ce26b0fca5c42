import { z } from 'zod';
import { blendArm, GUIDES, TAKEN_ARMS, TAKEN_METRICS } from '../../../evaluation/evaluation-names.ts';
import { REWARD_TRAITS, type RewardTypeName } from '../../../rewards/reward-names.ts';
import { path } from '../config-paths.ts';
import { isWorldName, SOURCE_NAMES, worldTitles, type SourceName } from '../../../world/scenes/common/world-names.ts';
import { checkGate, type Gate } from './gate-settings.ts';
import { denoisingSteps, keptPictures, promptCount, samplesPerPrompt, share, tuningSteps } from '../number-schemas.ts';

const text = z.string().min(1);
const word = z.string().regex(/^[A-Za-z0-9][\w.-]*$/, 'must be a word');

/** Largest weight of a tuned encoder's embeddings; above 1 extrapolates its change. */
export const largestBlend = 1.25;

/** A set of prompts to compare on, kept out of training. */
export const benchmarkSchema = z.strictObject({
  name: word.describe('Its name in the report.'),
  source: path.describe('An embedded world (its held-out combinations), a file, or a folder whose files are styles.'),
  column: text.optional().describe('The column with the prompts; found by its name when it is left out.'),
  split: text.optional().describe('Split to read from a data set with several.'),
  categoryColumns: z.array(text).optional().describe('Columns to split the results by, such as [Category, Challenge].'),
  limit: promptCount.optional().describe('Uses the first prompts only, at most this many.'),
  arms: z.array(word).min(1).optional().describe('The arms that are compared on it, besides the base; default: all.'),
});

/** A further arm of the evaluation, that is one of the encoders compared: a mix of encoders, or another encoder. */
export const armSchema = z.strictObject({
  name: word.describe('Its name in the report.'),
  mix: z
    .array(
      z.strictObject({
        encoder: path.describe('A folder, a weight file or a LoRA file of a text encoder.'),
        weight: z.number().min(-1000).max(1000).describe('Weight of its embeddings.'),
      }),
    )
    .min(1)
    .describe('Text encoders and the weights of their embeddings; the original encoder gets the rest up to 1.'),
  lastSteps: denoisingSteps.optional().describe('Number of last steps in which the mix is used; default K.'),
  fromStart: z
    .boolean()
    .optional()
    .describe('Uses the mix from the first step on, as for any encoder of another architecture.'),
});

export const transferSchema = z.strictObject({
  unets: z
    .array(
      z.strictObject({
        name: word.describe('Its name in the report.'),
        unet: path.describe('A diffusers folder of a UNet.'),
        guide: z.enum(GUIDES).default('none').describe('Extra input of the UNet beside the latents: docs/world.md.'),
      }),
    )
    .min(1)
    .describe('The UNets to try.'),
  prompts: promptCount.describe('Number of test prompts.'),
  samplesPerPrompt: samplesPerPrompt.default(1).describe('Pictures per prompt.'),
  images: keptPictures.default(12).describe('Number of prompts whose pictures are kept.'),
});

/** Settings of the alarm that watches validation prompts during tuning: docs/decisions/collapse-alarm.md. */
export const alarmSchema = z.strictObject({
  every: tuningSteps.default(20).describe('Steps between two checks.'),
  prompts: promptCount.default(24).describe('Number of validation prompts to look at.'),
  samplesPerPrompt: samplesPerPrompt
    .min(2)
    .default(2)
    .describe('Pictures per prompt; at least two, to measure diversity.'),
  diversity: z.number().gt(0).max(1).default(0.4).describe("Share of the base model's diversity that may be lost."),
  similarity: z
    .number()
    .gt(0)
    .max(1000)
    .default(0.5)
    .describe(
      "Allowed drop of the held-out reward or of a text-image similarity, in standard deviations of the base model's.",
    ),
  attributes: share
    .default(0.01)
    .describe("Share of the requested attributes that may turn wrong by a known world's exact judge."),
  patience: tuningSteps
    .optional()
    .describe(
      'Ends tuning after this many checks without a new best held-out reward (or trained sum, if there is none).',
    ),
});

interface Reward {
  type: RewardTypeName;
  head?: string | undefined;
}
interface Compared {
  rewards: readonly (Reward & { name: string })[];
  heldOut?: Reward | undefined;
  evaluate: { blends: readonly number[]; samplesPerPrompt: number; arms?: readonly { name: string }[] | undefined };
  benchmarks?: readonly { name: string; arms?: readonly string[] | undefined }[] | undefined;
  transfer?: z.infer<typeof transferSchema> | undefined;
  baselines?: { direct?: { pictures: string } | undefined } | undefined;
  registry: { gate: Gate };
}
/** How messages go on about what takes prompts of an embedded world. */
export const ONLY_WORLDS_HAVE = `only prompts of an embedded world (${SOURCE_NAMES.join(', ')}) have`;

type Require = (holds: boolean, path: string[], message: string) => void;

/**
 * Checks the constraints between rewards, evaluation and registry.
 * @param world the embedded world that the prompts come from, if they do
 */
export function checkComparison(config: Compared, world: SourceName | undefined, require: Require): void {
  const { rewards, heldOut, evaluate, benchmarks = [], transfer, baselines, registry } = config;
  const withHead = (reward: Reward, path: string[]): void =>
    require(reward.type !== 'aesthetic' || reward.head !== undefined, [
      ...path,
      'head',
    ], "is missing: an aesthetic reward needs its head's weight file");
  const names = rewards.map(({ name }) => name);
  for (const [i, reward] of rewards.entries()) {
    withHead(reward, ['rewards', `${i}`]);
    const taken = (TAKEN_METRICS as readonly string[]).includes(reward.name);
    require(!taken, ['rewards', `${i}`, 'name'], `is "${reward.name}", which is a metric already: rename it`);
  }
  if (heldOut) withHead(heldOut, ['heldOut']);

  const blends = evaluate.blends.map(blendArm);
  const same = twice(blends);
  require(same === undefined, ['evaluate', 'blends'], `has two weights named ${same}`);
  const arms = (evaluate.arms ?? []).map(({ name }) => name);
  const clash = twice(arms) ?? arms.find((name) => TAKEN_ARMS.includes(name) || blends.includes(name));
  require(clash === undefined, [
    'evaluate',
    'arms',
  ], `has the name "${clash}", which another arm already has: rename it`);
  const known = [...TAKEN_ARMS, ...blends, ...arms];
  for (const [i, { arms: chosen = [] }] of benchmarks.entries()) {
    const unknown = chosen.find((arm) => !known.includes(arm));
    require(unknown === undefined, [
      ...['benchmarks', `${i}`, 'arms'],
    ], `has ${unknown}, which is no arm: expected some of ${known.join(', ')}`);
  }
  for (const [section, all] of [
    [['benchmarks'], benchmarks.map(({ name }) => name)],
    [['transfer', 'unets'], (transfer?.unets ?? []).map(({ name }) => name)],
  ] as const)
    require(twice(all) === undefined, [...section], `has the name "${twice(all)}" twice: rename one`);
  for (const [i, { guide }] of (transfer?.unets ?? []).entries())
    require(guide !== 'silhouette' || world !== undefined, [
      ...['transfer', 'unets', `${i}`, 'guide'],
    ], `is ${guide}, which ${ONLY_WORLDS_HAVE}: their source is another`);
  const pictures = baselines?.direct?.pictures;
  if (pictures !== undefined && isWorldName(pictures))
    require(pictures === world, [
      'baselines',
      'direct',
      'pictures',
    ], `is ${pictures}, which only prompts of ${worldTitles[pictures]} have: their source is another`);

  const diversity = evaluate.samplesPerPrompt > 1 && embedsPictures(config);
  checkGate(registry.gate, { rewards: names, heldOut: heldOut !== undefined, diversity }, require);
}

/** Returns whether a reward embeds pictures, as their diversity needs. */
export const embedsPictures = ({ rewards, heldOut }: Pick<Compared, 'rewards' | 'heldOut'>): boolean =>
  [...rewards, ...(heldOut ? [heldOut] : [])].some(({ type }) => REWARD_TRAITS[type].includes('embeds'));

/** Returns a name that occurs twice. */
export const twice = (names: readonly string[]): string | undefined =>
  names.find((name, i) => names.indexOf(name) !== i);
