import type { ControlCurve } from '../results.ts';
import { mean, type Bootstraps } from '../../common/statistics.ts';
import { pairs } from './choice.ts';
import type { ArmScores } from './experiment.ts';

/** The arms of a curve, by weight. */
export type ControlArm = readonly [weight: number, arm: string];

/** Returns a curve for each metric. @param arms the base is added at weight 0 */
export function controlCurves(scores: ArmScores, arms: readonly ControlArm[], bootstraps: Bootstraps): ControlCurve[] {
  const points: ControlArm[] = [[0, 'base'], ...arms.toSorted(([a], [b]) => a - b)];
  return Object.keys(scores['base']!).map((metric) => {
    const means = points.map(([, arm]) => mean(pairs(scores, arm, 'base', metric)[0]));
    const steps = points.slice(1).map(([, arm], i) => {
      return bootstraps.compare(...pairs(scores, arm, points[i]![1], metric));
    });
    const up = means.at(-1)! >= means[0]!;
    return {
      metric,
      weights: points.map(([weight]) => weight),
      means,
      steps,
      direction: up ? 'up' : 'down',
      share: steps.filter(({ mean }) => (up ? mean >= 0 : mean <= 0)).length / steps.length,
      monotone: steps.every(({ ci95: [low, high] }) => (up ? high >= 0 : low <= 0)),
    };
  });
}
