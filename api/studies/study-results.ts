import { RunError } from '../../common/errors.ts';
import { wilson } from '../../common/statistics.ts';
import { bradleyTerry, type Strength } from '../../evaluation/pairs/bradley-terry.ts';
import { krippendorffAlpha } from '../../evaluation/pairs/rater-agreement.ts';
import type { Picture } from '../../evaluation/results.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { keptPictures } from '../watch/run-pictures.ts';
import { readVotes, type Vote } from './ballots.ts';
import { readStudy, type Study } from './study-records.ts';

/** How often something was the case, with Wilson's 95 % interval; null when there was no case. */
interface Share {
  cases: number;
  share: number | null;
  ci95: [low: number, high: number] | null;
}

/** Two arms against each other: each pair of pictures counts once, as the majority of its raters found. */
interface ArmMatch extends Share {
  arms: [first: string, second: string];
  votes: number;
  /** Pairs with a vote. */
  pairs: number;
  /** Pairs without a majority for a side. */
  ties: number;
}

/** How often a metric and the majority of raters preferred the same picture. */
interface MetricAgreement extends Share {
  metric: string;
}

/** What people found. */
export interface StudyResult {
  id: string;
  run: string;
  arms: string[];
  createdAt: string;
  pairs: number;
  same: number;
  raters: { rater: string; votes: number }[];
  /** Votes that do not count, since their files are damaged. */
  damaged: number;
  /** `share` is the win rate of the second arm among the decided pairs (`cases`). */
  matches: ArmMatch[];
  /** Of three and more arms. */
  strengths?: Strength[];
  /** Krippendorff's alpha, nominal: first, second, tie; over the pairs that several people judged. */
  agreement?: { pairs: number; alpha: number | null };
  metrics: MetricAgreement[];
}

/** A pair's votes for its first arm, its second and neither. */
interface Tally {
  pair: number;
  values: ('first' | 'second' | 'tie')[];
  /** 0: the first arm won, 1: the second, 0.5: no majority. */
  majority: 0 | 0.5 | 1;
}

/**
 * Counts the votes of a study.
 * @throws InputError when there is no such study, RunError when it is damaged
 * @example
 * ```ts
 * import { studyResult } from './api/studies/study-results.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { matches } = await studyResult(new Home('.textcraftor'), 'study-20261201-101500');
 * for (const { arms, share, ci95 } of matches) console.log(arms, share, ci95);
 * ```
 */
export async function studyResult(home: Home, id: string): Promise<StudyResult> {
  const study = await readStudy(home, id);
  const { votes, damaged } = await readVotes(home, study);
  const tallies = tallyOf(study, votes);
  const names = [...new Set(votes.map(({ rater }) => rater))];
  const several = tallies.filter(({ values }) => values.length > 1);
  const alpha = krippendorffAlpha(several.map(({ values }) => values));
  return {
    ...{ id, run: study.run, arms: study.arms, createdAt: study.createdAt },
    ...{ pairs: study.pairs.length, same: study.same, damaged },
    raters: names.map((rater) => ({ rater, votes: votes.filter((vote) => vote.rater === rater).length })),
    matches: matchesOf(study, tallies),
    ...(study.arms.length > 2 && tallies.length > 0 ? { strengths: strengthsOf(study, tallies) } : {}),
    ...(several.length > 0 ? { agreement: { pairs: several.length, alpha: alpha ?? null } } : {}),
    metrics: metricsOf(study, tallies, await picturesOf(home, study)),
  };
}

function tallyOf(study: Study, votes: readonly Vote[]): Tally[] {
  const byPair = new Map<number, Tally['values']>();
  for (const { pair, left, right, better } of votes) {
    const winner = better === 'tie' ? undefined : better === 'left' ? left : right;
    const value = winner === undefined ? 'tie' : winner === study.pairs[pair]!.arms[0] ? 'first' : 'second';
    byPair.set(pair, [...(byPair.get(pair) ?? []), value]);
  }
  return [...byPair].map(([pair, values]) => {
    const lead = values.reduce((sum, value) => sum + (value === 'second' ? 1 : value === 'first' ? -1 : 0), 0);
    return { pair, values, majority: lead > 0 ? 1 : lead < 0 ? 0 : 0.5 };
  });
}

function matchesOf({ arms, pairs }: Study, tallies: readonly Tally[]): ArmMatch[] {
  return arms.flatMap((first, i) =>
    arms.slice(i + 1).flatMap((second) => {
      const own = tallies.filter(({ pair }) => pairs[pair]!.arms[0] === first && pairs[pair]!.arms[1] === second);
      const decided = own.filter(({ majority }) => majority !== 0.5);
      return {
        arms: [first, second] as [string, string],
        votes: own.reduce((sum, { values }) => sum + values.length, 0),
        pairs: own.length,
        ties: own.length - decided.length,
        ...shareOf(decided.filter(({ majority }) => majority === 1).length, decided.length),
      };
    }),
  );
}

function shareOf(hits: number, cases: number): Share {
  return cases === 0 ? { cases, share: null, ci95: null } : { cases, share: hits / cases, ci95: wilson(hits, cases) };
}

function strengthsOf({ arms, pairs }: Study, tallies: readonly Tally[]): Strength[] {
  return bradleyTerry(
    arms,
    tallies.map(({ pair, majority }) => {
      const { arms: two, picture } = pairs[pair]!;
      return { first: two[0], second: two[1], share: majority, group: String(picture) };
    }),
  );
}

/** Returns the run's kept pictures; none when they are gone or damaged, since the votes count without them. */
async function picturesOf(home: Home, { run }: Study): Promise<Picture[]> {
  try {
    return (await keptPictures(home, run))?.pictures ?? [];
  } catch (error) {
    if (error instanceof RunError || (error as Error).name === 'InputError') return [];
    throw error;
  }
}

function metricsOf({ pairs }: Study, tallies: readonly Tally[], pictures: readonly Picture[]): MetricAgreement[] {
  const decided = tallies.filter(({ majority }) => majority !== 0.5);
  const names = new Set(Object.values(pictures[0]?.scores ?? {}).flatMap((scores) => Object.keys(scores)));
  // A style is no goal.
  const metrics = [...names].filter((name) => !name.startsWith('style.'));
  return metrics.map((metric) => {
    const sides = decided.flatMap(({ pair, majority }) => {
      const { picture, arms } = pairs[pair]!;
      const [first, second] = arms.map((arm) => pictures[picture]?.scores[arm]?.[metric]);
      return first === undefined || second === undefined || first === second
        ? []
        : [second > first === (majority === 1)];
    });
    return { metric, ...shareOf(sides.filter(Boolean).length, sides.length) };
  });
}
