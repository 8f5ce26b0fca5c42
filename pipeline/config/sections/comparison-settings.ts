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
  name: word,
  /** An embedded world (its held-out combinations), a file, or a folder whose files are styles. */
  source: path,
  /** The column with the prompts; found by its name when it is left out. */
  column: text.optional(),
  /** Split to read from a data set with several. */
  split: text.optional(),
  /** Columns to split the results by, such as [Category, Challenge]. */
  categoryColumns: z.array(text).optional(),
  limit: promptCount.optional(),
});

/** A further arm of the evaluation, that is one of the encoders compared: a mix of encoders, or another encoder. */
export const armSchema = z.strictObject({
  name: word,
  /** Text encoders and the weights of their embeddings; the original encoder gets the rest up to 1. */
  mix: z.array(z.strictObject({ encoder: path, weight: z.number().min(-1000).max(1000) })).min(1),
  /** Number of last steps in which the mix is used; default K. */
  lastSteps: denoisingSteps.optional(),
  /** Uses the mix from the first step on, as for any encoder of another architecture. */
  fromStart: z.boolean().optional(),
});

export const transferSchema = z.strictObject({
  unets: z
    .array(
      z.strictObject({
        name: word,
        /** A diffusers folder of a UNet. */
        unet: path,
        /** Extra input of the UNet beside the latents: see evaluation/pictures/guide.ts. */
        guide: z.enum(GUIDES).default('none'),
      }),
    )
    .min(1),
  /** Number of test prompts, and of pictures per prompt. */
  prompts: promptCount,
  samplesPerPrompt: samplesPerPrompt.default(1),
  /** Number of prompts whose pictures are kept. */
  images: keptPictures.default(12),
});

/** Settings of the alarm that watches validation prompts during tuning: docs/decisions/collapse-alarm.md. */
export const alarmSchema = z.strictObject({
  /** Steps between two checks. */
  every: tuningSteps.default(20),
  prompts: promptCount.default(24),
  /** Pictures per prompt; at least two, to measure diversity. */
  samplesPerPrompt: samplesPerPrompt.min(2).default(2),
  /** Share of the base model's diversity that may be lost. */
  diversity: z.number().gt(0).max(1).default(0.4),
  /** Allowed drop of the held-out reward or of a text-image similarity, in standard deviations of the base model's. */
  similarity: z.number().gt(0).max(1000).default(0.5),
  /** Share of the requested attributes that may turn wrong by a known world's exact judge. */
  attributes: share.default(0.01),
  /** Ends tuning after this many checks without a new best held-out reward (or trained sum, if there is none). */
  patience: tuningSteps.optional(),
});

interface Reward {
  type: RewardTypeName;
  head?: string | undefined;
}
interface Compared {
  rewards: readonly (Reward & { name: string })[];
  heldOut?: Reward | undefined;
  evaluate: { blends: readonly number[]; samplesPerPrompt: number; arms?: readonly { name: string }[] | undefined };
  benchmarks?: readonly { name: string }[] | undefined;
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

  const embeds = [...rewards, ...(heldOut ? [heldOut] : [])].some(({ type }) => REWARD_TRAITS[type].includes('embeds'));
  const diversity = evaluate.samplesPerPrompt > 1 && embeds;
  checkGate(registry.gate, { rewards: names, heldOut: heldOut !== undefined, diversity }, require);
}

const twice = (names: readonly string[]): string | undefined => names.find((name, i) => names.indexOf(name) !== i);
