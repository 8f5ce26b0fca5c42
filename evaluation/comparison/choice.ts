import { InputError } from '../../common/errors.ts';
import type { ArmScores } from './experiment.ts';
import { DIVERSITY, isGoal, LEAST_DIVERSITY } from './metrics.ts';
import type { JudgeName } from '../evaluation-names.ts';
import type { SweepCandidate, Choice } from '../results.ts';
import { mean, standardDeviation } from '../../common/statistics.ts';

/**
 * Judge of the candidates. `auto`: the oracle if the prompts have one, else the held-out reward, else the trained ones.
 */
export type ChooseBy = 'auto' | JudgeName;

/** A candidate and the arm that holds its scores. */
export interface CandidateArm {
  step: number;
  blend: number;
  /** Training step of its UNet, if that is a tuned one. */
  unetStep?: number | undefined;
  arm: string;
}

/** Returns the paired values of two arms on one metric, without prompts that have none. */
export function pairs(scores: ArmScores, arm: string, against: string, metric: string): [Float64Array, Float64Array] {
  const [own, other] = [scores[arm]![metric]!, scores[against]![metric]!];
  const known = (_: number, i: number) => !Number.isNaN(own[i]) && !Number.isNaN(other[i]);
  return [own.filter(known), other.filter(known)];
}

/** Returns the mean gain over the base on a metric. */
function gain(scores: ArmScores, arm: string, metric: string): number {
  const [own, base] = pairs(scores, arm, 'base', metric);
  return mean(own) - mean(base);
}

/** Returns whether a prompt's pictures differ nearly as much as the base's, if that was measured. */
function staysDiverse(scores: ArmScores, arm: string): boolean {
  const [own, base] = [scores[arm]![DIVERSITY], scores['base']![DIVERSITY]];
  return !own || !base || mean(own) >= LEAST_DIVERSITY * mean(base);
}

/**
 * Picks the candidate with the highest score among those whose rewards and oracle do not fall below the base, and whose
 * diversity is at least nine tenths of the base's; the base itself (step 0) if there is none. The score is the gain on
 * the oracle or on the held-out reward, or the mean over the trained rewards of the gain in standard deviations of the
 * base's scores.
 * @param scores scores of the validation prompts, with an arm `base`
 */
export function chooseCandidate(
  scores: ArmScores,
  arms: readonly CandidateArm[],
  choice: ChooseBy,
  trained: readonly string[],
): Choice {
  const metrics = Object.keys(scores['base']!);
  const chooseBy = choice === 'auto' ? bestJudge(metrics) : choice;
  if (chooseBy !== 'rewards' && !metrics.includes(chooseBy)) throw new InputError(missing[chooseBy]);
  const standardized = (arm: string) =>
    mean(trained.map((reward) => gain(scores, arm, reward) / (standardDeviation(scores['base']![reward]!) || 1)));
  const candidate = ({ step, blend, unetStep, arm }: CandidateArm): SweepCandidate => ({
    step,
    blend,
    ...(unetStep === undefined ? {} : { unetStep }),
    metrics: Object.fromEntries(metrics.map((metric) => [metric, mean(pairs(scores, arm, 'base', metric)[0])])),
    score: chooseBy === 'rewards' ? standardized(arm) : gain(scores, arm, chooseBy),
    eligible: metrics.filter(isGoal).every((metric) => gain(scores, arm, metric) >= 0) && staysDiverse(scores, arm),
  });
  const base = candidate({ step: 0, blend: 0, arm: 'base' });
  const candidates = [base, ...arms.map(candidate)];
  const best = candidates.filter(({ eligible }) => eligible).reduce((a, b) => (b.score > a.score ? b : a));
  return {
    chooseBy,
    candidates,
    chosen: { step: best.step, blend: best.blend, ...(best.unetStep === undefined ? {} : { unetStep: best.unetStep }) },
  };
}

type Networks = Choice['chosen'];

/** Returns whether two candidates have the same encoder and the same UNet, whatever their blends. */
export const isSameNetwork = (one: Networks, other: Networks): boolean =>
  one.step === other.step && one.unetStep === other.unetStep;

/** Returns the best `count` networks of those that beat the base, best first, each at its best blend. */
export function bestNetworks({ candidates }: Choice, count: number): Networks[] {
  const better = candidates
    .filter(({ step, score, eligible }) => step > 0 && eligible && score > 0)
    .toSorted((a, b) => b.score - a.score);
  return better
    .filter((each, i) => better.findIndex((other) => isSameNetwork(each, other)) === i)
    .slice(0, count)
    .map(({ step, blend, unetStep }) => ({ step, blend, ...(unetStep === undefined ? {} : { unetStep }) }));
}

const bestJudge = (metrics: readonly string[]): JudgeName =>
  metrics.includes('oracle') ? 'oracle' : metrics.includes('heldOut') ? 'heldOut' : 'rewards';

const missing = {
  oracle:
    'sweep.chooseBy is "oracle", but no validation prompt can be judged by the oracle: set it to heldOut or rewards.',
  heldOut: 'sweep.chooseBy is "heldOut", but the configuration has no heldOut reward: add one, or set it to rewards.',
};
