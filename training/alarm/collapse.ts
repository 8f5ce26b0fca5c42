import { mean, standardDeviation, type Bootstraps } from '../../common/statistics.ts';

/** The falls that are tolerated; a larger one counts as a collapse. */
export interface CollapseBounds {
  /** As a share of the base's diversity. */
  diversity: number;
  /** For the held-out reward and text-image similarities: in standard deviations of the base's scores over prompts. */
  similarity: number;
  /** For prompts of a known world: in the share of requested attributes that the exact judge finds right. */
  attributes: number;
}

/** A value for each prompt, by measure; all measures have the same prompts. */
export type Measures = Readonly<Record<string, Float64Array>>;

/** Name of the measure: the weighted sum of the trained rewards. */
export const TOTAL = 'total';
/** Name of the measure: the diversity between a prompt's pictures. */
export const DIVERSITY = 'diversity';
/**
 * Name of the measure: the share of requested attributes (shape, color ...) that the exact judge finds right, or NaN.
 */
export const ATTRIBUTES = 'attributes';

/** A measure that has fallen, and by how much: negative numbers in the measure's unit. */
interface Fall {
  measure: string;
  mean: number;
  ci95: [low: number, high: number];
  /** The largest fall that is tolerated. */
  allowed: number;
}

/** The gain of the trained rewards and the measures that fell. */
export interface Collapse {
  gain: { mean: number; ci95: [low: number, high: number] };
  falls: Fall[];
}

/**
 * Decides whether the rewards are being gamed: whether their weighted sum rises while quality falls. The whole 95 %
 * interval of the trained total must lie above the base's, and that of a guard (the exact judge's attributes,
 * diversity, the held-out reward, a text-image similarity) below its bound. Both are paired over prompts.
 * @param guards further measures that must not fall, besides diversity and the exact judge's attributes
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

/** Describes a collapse in a sentence. */
export function describeCollapse({ gain, falls }: Collapse, step: number, prompts: number): string {
  const number = (value: number) => Math.abs(value).toPrecision(3);
  const fall = ({ measure, mean, ci95, allowed }: Fall) =>
    `${measure === ATTRIBUTES ? 'the share of a prompt that the oracle finds right' : measure} fell by ${number(mean)} (95 % interval ${number(ci95[1])} to ${number(ci95[0])}, allowed ${number(allowed)})`;
  return (
    `The rewards are being gamed at step ${step}: their weighted sum rose by ${number(gain.mean)} ` +
    `(${number(gain.ci95[0])} to ${number(gain.ci95[1])}) over the base's, while ${falls.map(fall).join(' and ')}, ` +
    `on ${prompts} validation prompts. Give a text-image reward (clip-similarity) more weight, or lower the learning rate. ` +
    'The networks tuned so far are not used.'
  );
}
