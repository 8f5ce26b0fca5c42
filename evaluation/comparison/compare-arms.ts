import type { Bootstraps } from '../../common/statistics.ts';
import { CHAMPION, CHAMPION_EXPORTED, CHOSEN, EXPORTED } from '../arms/arm-names.ts';
import { PAIRS } from '../arms/unet-arms.ts';
import type { NamedComparison, Scores } from '../results.ts';
import { pairs } from './choice.ts';
import type { ArmScores } from './experiment.ts';

/**
 * Compares every arm with the base on every metric, arms with a tuned UNet with the tuned encoder alone, the exported
 * files with the chosen encoder, and each of these two with the champion if there is one.
 */
export function compareAll(scores: ArmScores, bootstraps: Bootstraps): NamedComparison[] {
  const arms = Object.keys(scores).filter((arm) => arm !== 'base');
  const rivals: [arm: string, against: string][] = arms.map((arm) => [arm, 'base']);
  const others: [arm: string, against: string][] = [
    ...PAIRS.map((arm): [string, string] => [arm, 'tuned']),
    [EXPORTED, CHOSEN],
    [CHOSEN, CHAMPION],
    [EXPORTED, CHAMPION_EXPORTED],
  ];
  rivals.push(...others.filter(([arm, against]) => scores[arm] && scores[against]));
  return Object.keys(scores['base']!).flatMap((metric) =>
    rivals.map(([arm, against]) => ({
      metric,
      arm,
      against,
      ...bootstraps.compare(...pairs(scores, arm, against, metric)),
    })),
  );
}

/** JSON has no NaN: unknown values are null in a list, and left out of a record ({@link known}). */
export const listed = (scores: ArmScores): Scores['scores'] =>
  Object.fromEntries(
    Object.entries(scores).map(([arm, metrics]) => [
      arm,
      Object.fromEntries(
        Object.entries(metrics).map(([metric, values]) => [
          metric,
          Array.from(values, (v) => (Number.isNaN(v) ? null : v)),
        ]),
      ),
    ]),
  );
export const known = (scores: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(scores).filter(([, value]) => !Number.isNaN(value)));
