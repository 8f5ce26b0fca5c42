import { z } from 'zod';
import type { NamedComparison } from '../../evaluation/report/data.ts';
import type { Registration } from '../../evaluation/stages/register.ts';

/** By metric: what the low end of the 95 % interval of its mean difference has to exceed. */
const bounds = z.record(z.string(), z.number());

/** What an encoder has to show before it goes into production. A metric that was not measured asks for nothing. */
export const gateSchema = z.strictObject({
  /** Against the original encoder. */
  base: bounds.default({ heldOut: 0, oracle: 0 }),
  /** Against the version in production: better by the held-out reward, and not much worse by the oracle. */
  champion: bounds.default({ heldOut: 0, oracle: -0.02 }),
  /** How much the pictures of a prompt must still differ: the least share of what they do under each of the two. */
  diversity: z.number().min(0).default(0.9),
});

export type Gate = z.infer<typeof gateSchema>;
export type Rival = 'base' | 'champion';

/** Which bounds an encoder misses, a sentence each with the numbers; none: the gate is passed. */
export function missedBounds(
  gate: Gate,
  { comparisons, diversity = {} }: Pick<Registration, 'comparisons' | 'diversity'>,
  rivals: readonly Rival[],
): string[] {
  return rivals.flatMap((rival) => {
    const measured = comparisons.filter(({ arm, against }) => arm === 'chosen' && against === rival);
    const judged = measured.filter(({ metric }) => Object.hasOwn(gate[rival], metric));
    if (judged.length === 0)
      return `None of the metrics that decide (${Object.keys(gate[rival]).join(', ')}) was measured against the ${rival}.`;
    return [
      ...judged.flatMap((comparison) => describeMiss(comparison, gate[rival][comparison.metric]!)),
      ...describeSameness(rival, diversity[rival], gate.diversity),
    ];
  });
}

function describeMiss({ metric, against, mean, ci95: [low, high], n }: NamedComparison, bound: number): string[] {
  if (low > bound) return [];
  return [
    `${metric} against the ${against}: ${signed(mean)} (95 % interval ${signed(low)} to ${signed(high)}, ${n} prompts); its low end must be above ${bound}.`,
  ];
}

/** @param share of the rival's diversity; undefined where it was not measured */
function describeSameness(rival: Rival, share = Infinity, least: number): string[] {
  if (!(share < least)) return []; // nor does a gate of a version from before there was this bound miss it
  return [
    `diversity against the ${rival}: the pictures of a prompt differ ${percent(share)} as much; it must be ${percent(least)} at least.`,
  ];
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
const signed = (value: number): string => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(3)}`;
