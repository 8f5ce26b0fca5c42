import type { PhraseGain, SuffixTrial } from '../results.ts';
import { Bootstraps, mean, standardDeviation } from '../../common/statistics.ts';
import { pairs } from '../comparison/choice.ts';
import { runExperiment, type ArmScores, type Experiment } from '../comparison/experiment.ts';
import type { Arm, Embeddings, Prompt } from '../pictures/picture-generator.ts';
import { withPhrases, type StylePhrase } from './style-phrases.ts';

type Pictures = Omit<Experiment, 'prompts' | 'original' | 'arms'>;
type Embed = (prompts: readonly Prompt[]) => Embeddings;

/** An arm of the base model under other prompts. */
const suffixArm = (name: string, prompts: readonly Prompt[], phrases: readonly string[], embed: Embed): Arm => ({
  name,
  fromStart: true,
  terms: [
    { weight: 1, embeddings: embed(prompts.map((each) => ({ ...each, prompt: withPhrases(each.prompt, phrases) }))) },
  ],
});

async function score(
  pictures: Pictures,
  prompts: readonly Prompt[],
  suffixes: ReadonlyMap<string, readonly string[]>,
  embed: Embed,
): Promise<ArmScores> {
  const original = embed(prompts);
  const arms: Arm[] = [{ name: 'base', terms: [{ embeddings: original, weight: 1 }] }];
  for (const [name, phrases] of suffixes) arms.push(suffixArm(name, prompts, phrases, embed));
  return runExperiment({ ...pictures, prompts, original, arms });
}

/**
 * Measures the effect of each phrase on the pictures of training prompts, judged by the trained rewards under the
 * unchanged prompts; best first.
 */
export async function measurePhrases(
  phrases: readonly StylePhrase[],
  prompts: readonly Prompt[],
  trained: readonly string[],
  pictures: Pictures,
  embed: Embed,
): Promise<PhraseGain[]> {
  const scores = await score(pictures, prompts, new Map(phrases.map(({ phrase }) => [phrase, [phrase]])), embed);
  const bootstraps = new Bootstraps(0);
  const scale = trained.map((reward) => standardDeviation(scores['base']![reward]!) || 1);
  return phrases
    .map(({ phrase, count }) => {
      const total = (arm: string) =>
        Float64Array.from(prompts, (_, i) => mean(trained.map((reward, r) => scores[arm]![reward]![i]! / scale[r]!)));
      const { mean: gain, ci95 } = bootstraps.compare(total(phrase), total('base'));
      return { phrase, count, gain, ci95 };
    })
    .toSorted((a, b) => b.gain - a.gain);
}

/** What chooses: a metric, or the trained rewards, standardized. */
export type SuffixJudge = { metric: 'oracle' | 'heldOut' } | { trained: readonly string[] };

/** Tries the best phrase, the best two, ... on validation prompts; chooses none if none is better than the base. */
export async function chooseSuffix(
  phrases: readonly PhraseGain[],
  longest: number,
  prompts: readonly Prompt[],
  judge: SuffixJudge,
  pictures: Pictures,
  embed: Embed,
): Promise<{ trials: SuffixTrial[]; chosen: string[] }> {
  const helpful = phrases.filter(({ gain }) => gain > 0).slice(0, longest);
  const suffixes = helpful.map((_, i) => helpful.slice(0, i + 1).map(({ phrase }) => phrase));
  if (suffixes.length === 0) return { trials: [], chosen: [] };
  const named = new Map(suffixes.map((suffix) => [suffix.join(', '), suffix]));
  const scores = await score(pictures, prompts, named, embed);
  const gain = (arm: string, metric: string) => {
    const [own, base] = pairs(scores, arm, 'base', metric);
    return mean(own) - mean(base);
  };
  const standardized = (arm: string, trained: readonly string[]) =>
    mean(trained.map((reward) => gain(arm, reward) / (standardDeviation(scores['base']![reward]!) || 1)));
  const trials = [...named].map(([name, suffix]) => ({
    phrases: suffix,
    score: 'metric' in judge ? gain(name, judge.metric) : standardized(name, judge.trained),
  }));
  const best = trials.reduce((a, b) => (b.score > a.score ? b : a));
  return { trials, chosen: best.score > 0 ? best.phrases : [] };
}
