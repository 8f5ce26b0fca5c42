import { z } from 'zod';
import { EXACT_METRICS, HELD_OUT, ORACLE } from '../../../evaluation/evaluation-names.ts';
import { float32 } from '../number-schemas.ts';

/** By metric: the value that the low end of the 95 % interval of its mean difference must exceed. */
const bounds = z
  .record(z.string(), float32)
  .refine(
    (all) => Object.keys(all).length > 0,
    'has no bounds, so nothing would pass it; name a metric, or leave it out',
  );

/** Conditions for putting an encoder into production; {@link gateBounds} has the defaults of those that are left out. */
export const gateSchema = z.strictObject({
  arms: z
    .array(z.enum(['chosen', 'exported']))
    .min(1)
    .default(['chosen', 'exported'])
    .describe(
      'Arms to check: `chosen` is the chosen encoder in the last steps, `exported` the exported files in all steps.',
    ),
  base: bounds.optional().describe('Bounds against the original encoder.'),
  champion: bounds.optional().describe('Bounds against the version in production.'),
  diversity: z
    .number()
    .min(0)
    .max(10)
    .optional()
    .describe(
      "Minimum diversity between a prompt's pictures, as a share of that under the original encoder and under production.",
    ),
});

export type Gate = z.infer<typeof gateSchema>;

/**
 * The bounds of a gate. By default: better than the original by the held-out reward and the oracle; better than
 * production by the held-out reward, and not much worse by the oracle. Metrics that were not measured are not checked.
 */
export const gateBounds = ({ base, champion, diversity }: Omit<Gate, 'arms'>) => ({
  base: base ?? { [HELD_OUT]: 0, [ORACLE]: 0 },
  champion: champion ?? { [HELD_OUT]: 0, [ORACLE]: -0.02 },
  diversity: diversity ?? 0.9,
});

/** What the evaluation of a configuration measures. */
interface Measured {
  rewards: readonly string[];
  heldOut: boolean;
  /** Whether diversity is measured: more than one picture per prompt, and a reward that embeds them. */
  diversity: boolean;
}

/** Checks that the evaluation measures what a gate names, and that something can pass it. */
export function checkGate(
  { arms, base, champion, diversity }: Gate,
  measured: Measured,
  require: (holds: boolean, path: string[], message: string) => void,
): void {
  const at = (...keys: string[]): string[] => ['registry', 'gate', ...keys];
  require(new Set(arms).size === arms.length, at('arms'), 'names an arm twice: leave one out');
  const metrics = [...(measured.heldOut ? [HELD_OUT] : []), ...EXACT_METRICS, ...measured.rewards];
  for (const [rival, bounds] of Object.entries({ base, champion }))
    for (const [metric, bound] of Object.entries(bounds ?? {})) {
      require(metric !== HELD_OUT || measured.heldOut, at(
        rival,
      ), 'bounds "heldOut", but no heldOut reward is configured: add one, or leave out the bound');
      require(metrics.includes(metric) || metric === HELD_OUT, at(
        rival,
      ), `bounds "${metric}", which is not a metric; the metrics are ${metrics.join(', ')}`);
      require(!EXACT_METRICS.includes(metric) || bound < 1, at(
        rival,
      ), `bounds "${metric}" by ${bound}, which no encoder is above: it is a difference of shares, below 1`);
    }
  require(diversity === undefined || measured.diversity, at(
    'diversity',
  ), 'is never measured: that takes evaluate.samplesPerPrompt of 2 or more, and a reward that embeds pictures (any but image-reward)');
}
