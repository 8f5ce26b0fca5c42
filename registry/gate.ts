import type { NamedComparison } from '../evaluation/results.ts';
import type { DiversityShares, Registration } from '../evaluation/registration.ts';
import { gateBounds, type Gate } from '../pipeline/config/sections/gate-settings.ts';

export type Rival = 'base' | 'champion';
type Arm = Gate['arms'][number];

/** The parts of a version that the gate judges; versions older than exported files have no `exported`. */
type Judged = Pick<Registration, 'comparisons' | 'diversity'> & Partial<Pick<Registration, 'exported'>>;

/** Lists the bounds that an encoder misses, one sentence each with the numbers; empty when it passes the gate. */
export function missedBounds(gate: Gate, judged: Judged, rivals: readonly Rival[]): string[] {
  return gate.arms.flatMap((arm) =>
    arm === 'exported' && judged.exported === null
      ? NOTHING_EXPORTED
      : rivals.flatMap((rival) => missedBy(arm, rival, gate, judged)),
  );
}

const NOTHING_EXPORTED =
  'Nothing was exported: no weight of the tuned encoder was better than the original in all steps. For the last steps alone, set registry.gate.arms to [chosen].';

function missedBy(arm: Arm, rival: Rival, gate: Gate, { comparisons, diversity, exported }: Judged): string[] {
  const { [rival]: bounds, diversity: least } = gateBounds(gate);
  const against = arm === 'exported' && rival === 'champion' ? 'champion-exported' : rival;
  const judged = comparisons.filter(
    (each) => each.arm === arm && each.against === against && Object.hasOwn(bounds, each.metric),
  );
  const shares = arm === 'exported' ? exported?.diversity : diversity;
  if (judged.length === 0)
    return [
      `None of the deciding metrics (${Object.keys(bounds).join(', ')}) was measured${asExported(arm)} against the ${rival}.`,
    ];
  return [
    ...judged.flatMap((comparison) => describeMiss(comparison, arm, rival, bounds[comparison.metric]!)),
    ...describeSameness(arm, rival, shares, least),
  ];
}

/** Names the arm in messages; the chosen encoder goes without. */
const asExported = (arm: Arm): string => (arm === 'exported' ? ' as exported' : '');

function describeMiss(
  { metric, mean, ci95: [low, high], n }: NamedComparison,
  arm: Arm,
  rival: Rival,
  bound: number,
): string[] {
  if (low > bound) return [];
  return [
    `${metric}${asExported(arm)} against the ${rival}: ${signed(mean)} (95 % interval ${signed(low)} to ${signed(high)}, ${n} prompts); its low end must be above ${bound}.`,
  ];
}

/** @param shares shares of the rivals' diversity; empty if not measured */
function describeSameness(arm: Arm, rival: Rival, shares: DiversityShares = {}, least: number): string[] {
  const { [rival]: share = Infinity } = shares;
  if (!(share < least)) return [];
  return [
    `diversity${asExported(arm)} against the ${rival}: the pictures of a prompt differ ${percent(share)} as much; it must be ${percent(least)} at least.`,
  ];
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
const signed = (value: number): string => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(3)}`;
