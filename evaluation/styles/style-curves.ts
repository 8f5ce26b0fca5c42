import { mean, type Bootstraps } from '../../common/statistics.ts';
import type { MetricMean, StyleCurve, StyleMix } from './style-results.ts';
import type { ControlArm } from '../comparison/blend-control.ts';
import { pairs } from '../comparison/choice.ts';
import type { ArmScores } from '../comparison/experiment.ts';
import { riseOf } from './rising-curve.ts';

/** Returns a curve for each metric. @param arms by ascending weight, the base at 0 */
export function styleCurves(scores: ArmScores, arms: readonly ControlArm[], bootstraps: Bootstraps): StyleCurve[] {
  return Object.keys(scores['base']!).map((metric) => {
    const values = arms.map(([, arm]) => pairs(scores, arm, 'base', metric)[0]);
    const points = arms.map(([weight], i) => ({ weight, ...meanOf(values[i]!, bootstraps) }));
    return { metric, points, ...riseOf(values, bootstraps) };
  });
}

/** Returns every metric of an arm, with its difference to the base. */
export function styleMix(scores: ArmScores, name: string, bootstraps: Bootstraps): StyleMix {
  const metrics = Object.keys(scores['base']!).map((metric) => {
    const [own, base] = pairs(scores, name, 'base', metric);
    return { metric, ...meanOf(own, bootstraps), difference: bootstraps.compare(own, base) };
  });
  return { name, metrics };
}

function meanOf(values: Float64Array, bootstraps: Bootstraps): Omit<MetricMean, 'metric'> {
  return { n: values.length, mean: mean(values), ci95: bootstraps.of(values.length).interval(values) };
}
