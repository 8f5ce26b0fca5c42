import { z } from 'zod';
import { blendArm, GUIDES, HELD_OUT, ORACLE, TAKEN_ARMS, TAKEN_METRICS } from '../../../evaluation/evaluation-names.ts';
import { path } from '../config-paths.ts';

const text = z.string().min(1);
const word = z.string().regex(/^[A-Za-z0-9][\w.-]*$/, 'must be a word');
const positive = z.int().min(1);
const share = z.number().min(0).max(1);

/** Largest weight of a tuned encoder's embeddings: beyond 1 its change is exaggerated. */
export const largestBlend = 1.25;

/** A set of prompts to compare on: they are kept out of training. */
export const benchmarkSchema = z.strictObject({
  name: word,
  /** `shapes` (the embedded world's held-out combinations), a file, or a folder whose files are styles. */
  source: path,
  /** The column with the prompts; found by its name when it is left out. */
  column: text.optional(),
  /** Of a data set in several splits. */
  split: text.optional(),
  /** Columns to split the results by, such as [Category, Challenge]. */
  categoryColumns: z.array(text).optional(),
  limit: positive.optional(),
});

/** A further arm of the evaluation: a mix of encoders, or another encoder. */
export const armSchema = z.strictObject({
  name: word,
  /** Text encoders and the weights of their embeddings; what is lacking to 1 is the original's. */
  mix: z.array(z.strictObject({ encoder: path, weight: z.number() })).min(1),
  /** In so many of the last steps only; by default in the last K. */
  lastSteps: positive.optional(),
  /** From the first step on, as an encoder of another architecture always is. */
  fromStart: z.boolean().optional(),
});

export const transferSchema = z.strictObject({
  unets: z
    .array(
      z.strictObject({
        name: word,
        /** A diffusers folder of a UNet. */
        unet: path,
        /** What it sees beside the latents: see evaluation/pictures/guide.ts. */
        guide: z.enum(GUIDES).default('none'),
      }),
    )
    .min(1),
  /** How many test prompts, and pictures of each. */
  prompts: positive,
  samplesPerPrompt: positive.default(1),
  /** Of how many prompts the pictures are kept. */
  images: z.int().min(0).default(12),
});

/** What watches validation prompts while a network is tuned: docs/decisions/collapse-alarm.md. */
export const alarmSchema = z.strictObject({
  /** Steps between two looks. */
  every: positive.default(20),
  prompts: positive.default(24),
  /** Two at least, for the diversity between the pictures of a prompt. */
  samplesPerPrompt: z.int().min(2).default(2),
  /** Share of the base's diversity that may be lost. */
  diversity: z.number().gt(0).max(1).default(0.4),
  /** Fall of the held-out reward or of a text-image similarity that is allowed, in standard deviations of the base's. */
  similarity: z.number().gt(0).default(0.5),
  /** Share of what prompts ask for that the exact judge of the shapes world may find right no more. */
  attributes: share.default(0.01),
  /** Ends tuning after so many looks without a new best on the held-out reward (the trained sum where there is none). */
  patience: positive.optional(),
});

interface Reward {
  type: string;
  head?: string | undefined;
}
interface Compared {
  rewards: readonly (Reward & { name: string })[];
  heldOut?: Reward | undefined;
  evaluate: { blends: readonly number[]; arms?: readonly { name: string }[] | undefined };
  benchmarks?: readonly { name: string }[] | undefined;
  transfer?: z.infer<typeof transferSchema> | undefined;
  baselines?: { direct?: { pictures: string } | undefined } | undefined;
  registry: { gate: { base: object; champion: object } };
}
type Require = (holds: boolean, path: string[], message: string) => void;

/** What must hold between the values of rewards, evaluation and registry. @param shapes the prompts are the embedded world's own */
export function checkComparison(config: Compared, shapes: boolean, require: Require): void {
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
  require(same === undefined, ['evaluate', 'blends'], `has two weights that are called ${same}`);
  const arms = (evaluate.arms ?? []).map(({ name }) => name);
  const clash = twice(arms) ?? arms.find((name) => TAKEN_ARMS.includes(name) || blends.includes(name));
  require(clash === undefined, ['evaluate', 'arms'], `has the name "${clash}", which another arm has too: rename it`);
  for (const [section, all] of [
    [['benchmarks'], benchmarks.map(({ name }) => name)],
    [['transfer', 'unets'], (transfer?.unets ?? []).map(({ name }) => name)],
  ] as const)
    require(twice(all) === undefined, [...section], `has the name "${twice(all)}" twice: rename one`);
  const needsShapes = (holds: boolean, path: string[], what: string): void =>
    require(holds || shapes, path, `is ${what}, which only prompts of the shapes world have: their source is another`);
  for (const [i, { guide }] of (transfer?.unets ?? []).entries())
    needsShapes(guide !== 'silhouette', ['transfer', 'unets', `${i}`, 'guide'], guide);
  needsShapes(baselines?.direct?.pictures !== 'shapes', ['baselines', 'direct', 'pictures'], 'shapes');

  for (const rival of ['base', 'champion'] as const) {
    const unknown = Object.keys(registry.gate[rival]).find((metric) => !isMetric(metric, names));
    require(unknown === undefined, [
      'registry',
      'gate',
      rival,
    ], `bounds "${unknown}", which is no metric; there are ${[HELD_OUT, ORACLE, ...names].join(', ')}`);
  }
}

const isMetric = (name: string, rewards: readonly string[]): boolean =>
  name === HELD_OUT || name === ORACLE || name.startsWith(`${ORACLE}.`) || rewards.includes(name);

const twice = (names: readonly string[]): string | undefined => names.find((name, i) => names.indexOf(name) !== i);
