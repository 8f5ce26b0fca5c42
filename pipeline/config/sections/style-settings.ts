import { z } from 'zod';
import {
  DIVERSITY,
  EXACT_METRICS,
  HELD_OUT,
  mixName,
  mixTerms,
  OWN_ENCODER,
} from '../../../evaluation/evaluation-names.ts';
import { path } from '../config-paths.ts';
import { keptPictures, promptCount, samplesPerPrompt, whole } from '../number-schemas.ts';
import { largestBlend, twice } from './comparison-settings.ts';

const word = z.string().regex(/^[A-Za-z0-9][\w.-]*$/, 'must be a word');

/** Largest weight of an encoder in a mix, either way, as for `generate --mix`. */
const largestWeight = 10;

/** Encoders tuned towards single rewards (a style, say), which are blended and mixed over the original encoder. */
export const stylesSchema = z.strictObject({
  encoders: z
    .array(
      z.strictObject({
        name: word.describe('The name under which mixes and the report refer to it.'),
        encoder: z
          .union([z.literal(OWN_ENCODER), path])
          .describe("`tuned`, the run's own encoder; or a registered encoder, a run, a folder or a file."),
        metric: z
          .string()
          .min(1)
          .describe('The metric that it was tuned to raise, such as style.neon, quality or a reward.'),
      }),
    )
    .min(1)
    .max(20)
    .describe('The encoders.'),
  weights: z
    .array(z.number().min(0).max(largestBlend))
    .max(100)
    .refine((all) => all.includes(0) && all.includes(1), 'must have 0, the base, and 1, the encoder alone')
    .refine((all) => new Set(all).size === all.length, 'has a weight twice')
    .default([0, 0.25, 0.5, 0.75, 1])
    .describe("Weights of each encoder's embeddings on its curve."),
  mixes: z
    .array(z.record(word, z.number().min(-largestWeight).max(largestWeight)))
    .max(100)
    .default([])
    .describe(
      'Mixes of several encoders by their names, such as { neon: 0.5, 3d: 0.5 }; the original encoder gets the rest up to 1.',
    ),
  prompts: promptCount.describe('Number of test prompts.'),
  samplesPerPrompt: samplesPerPrompt.default(1).describe('Pictures of each prompt.'),
  grid: z
    .strictObject({
      prompts: keptPictures.min(1).max(100).default(2).describe('Number of prompts.'),
      steps: whole.min(2).max(11).default(5).describe('Number of weights from 0 to 1, both ways.'),
    })
    .optional()
    .describe('Pictures of each two encoders, by the weights of both.'),
});

/** What is measured beside the metrics of an exact judge. */
interface Measured {
  rewards: readonly { name: string }[];
  heldOut?: object | undefined;
  /** Whether a reward embeds pictures. */
  embeds: boolean;
}
type Require = (holds: boolean, path: (string | number)[], message: string) => void;

/** Checks that names are distinct and known, and that the metrics are measured. */
export function checkStyles(
  { encoders, mixes, samplesPerPrompt, grid }: z.infer<typeof stylesSchema>,
  { rewards, heldOut, embeds }: Measured,
  require: Require,
): void {
  const names = encoders.map(({ name }) => name);
  const same = twice(names);
  require(same === undefined, ['styles', 'encoders'], `has the name "${same}" twice: rename one`);
  const metrics = [
    ...rewards.map(({ name }) => name),
    ...(heldOut ? [HELD_OUT] : []),
    ...(samplesPerPrompt > 1 && embeds ? [DIVERSITY] : []),
    ...EXACT_METRICS,
  ];
  for (const [i, { metric }] of encoders.entries())
    require(metrics.includes(metric), [
      'styles',
      'encoders',
      i,
      'metric',
    ], `is "${metric}", which is not measured; the metrics are ${metrics.join(', ')}`);
  for (const [i, mix] of mixes.entries()) {
    const unknown = Object.keys(mix).find((name) => !names.includes(name));
    require(unknown === undefined, [
      'styles',
      'mixes',
      i,
    ], `has a weight for "${unknown}", which is not the name of an encoder; the names are ${names.join(', ')}`);
    require(Object.values(mix).some((weight) => weight !== 0), [
      'styles',
      'mixes',
      i,
    ], 'gives no encoder a weight: name one, such as { neon: 0.5 }');
  }
  const repeated = twice(mixes.map((mix) => mixName(mixTerms(names, mix))));
  require(repeated === undefined, ['styles', 'mixes'], `has the mix ${repeated} twice: leave one out`);
  require(!grid || encoders.length > 1, [
    'styles',
    'grid',
  ], 'has no effect, since it takes two encoders: add one to styles.encoders, or leave it out');
}
