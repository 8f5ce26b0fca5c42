import { mean, standardDeviation, type Bootstraps } from '../../common/statistics.ts';

/** How far a measure may fall before it counts as a collapse. */
export interface CollapseBounds {
  /** Share of the base's diversity. */
  diversity: number;
  /** Standard deviations of the base's scores (over prompts) of the held-out reward and of the text-image similarities. */
  similarity: number;
  /** Share of what prompts ask for that the exact judge may find right no more, where prompts have one. */
  attributes: number;
}

/** By measure: a value a prompt, the same prompts each time. */
export type Measures = Readonly<Record<string, Float64Array>>;

/** Among the measures: the weighted sum of the trained rewards, */
export const TOTAL = 'total';
/** the diversity between a prompt's pictures, */
export const DIVERSITY = 'diversity';
/** and the share of what it asks for (shape, colour ...) that the exact judge finds right; NaN where there is none. */
export const ATTRIBUTES = 'attributes';

/** A measure that has fallen, and by how much: negative numbers, in the measure's unit. */
interface Fall {
  measure: string;
  mean: number;
  ci95: [low: number, high: number];
  /** How far it might have fallen. */
  allowed: number;
}

/** What the trained rewards gained, and what it cost. */
export interface Collapse {
  gain: { mean: number; ci95: [low: number, high: number] };
  falls: Fall[];
}

/**
 * Rewards are gamed when their weighted sum rises and what they stand for falls: the trained total is above the base's
 * with its whole 95 % interval, and a guard (what the exact judge finds right, diversity, the held-out reward, a
 * text-image similarity) below its bound with its whole interval. Both are paired over prompts.
 * @param guards measures, besides diversity and the exact judge, that must not fall
 */
export function findCollapse(
  base: Measures,
  now: Measures,
  guards: readonly string[],
  bounds: CollapseBounds,
  bootstraps: Bootstraps,
): Collapse | undefined {
  const gain = bootstraps.compare(now[TOTAL]!, base[TOTAL]!);
  if (!(gain.ci95[0] > 0)) return undefined;
  const allowed: [measure: string, fall: number][] = [
    ...guards.map((guard): [string, number] => [guard, bounds.similarity * standardDeviation(base[guard]!)]),
    ...(base[DIVERSITY] ? [[DIVERSITY, bounds.diversity * mean(base[DIVERSITY])] as [string, number]] : []),
    [ATTRIBUTES, bounds.attributes],
  ];
  const falls = allowed.flatMap(([measure, fall]): Fall[] => {
    const known = (_: number, i: number) => !Number.isNaN(base[measure]?.[i]);
    const [own, other] = [now, base].map((measures) => (measures[measure] ?? new Float64Array()).filter(known));
    if (other!.length === 0) return [];
    const { mean, ci95 } = bootstraps.compare(own!, other!);
    return ci95[1] < -fall ? [{ measure, mean, ci95, allowed: fall }] : [];
  });
  return falls.length > 0 ? { gain: { mean: gain.mean, ci95: gain.ci95 }, falls } : undefined;
}

/** A collapse as a sentence. @param of how a measure is called */
export function describeCollapse({ gain, falls }: Collapse, step: number, prompts: number): string {
  const number = (value: number) => Math.abs(value).toPrecision(3);
  const fall = ({ measure, mean, ci95, allowed }: Fall) =>
    `${measure === ATTRIBUTES ? 'what the oracle finds right of a prompt' : measure} fell by ${number(mean)} (95 % interval ${number(ci95[1])} to ${number(ci95[0])}, allowed ${number(allowed)})`;
  return (
    `The rewards are being gamed at step ${step}: their weighted sum rose by ${number(gain.mean)} ` +
    `(${number(gain.ci95[0])} to ${number(gain.ci95[1])}) over the base's, while ${falls.map(fall).join(' and ')}, ` +
    `on ${prompts} validation prompts. Give a text-image reward (clip-similarity) more weight, or lower the learning rate; ` +
    'what was tuned so far is not used.'
  );
}
