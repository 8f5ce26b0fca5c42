import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError, RunError } from '../../common/errors.ts';
import { readSealed, writeSealed } from '../../common/files/sealed.ts';
import { identifier, isIdentifier } from '../../common/identifiers.ts';
import { RandomStream } from '../../common/random.ts';
import { drawPairs } from '../../evaluation/pairs/draw-pairs.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { keptPicture } from '../watch/run-pictures.ts';
import { readStudy, type Study } from './study-records.ts';

/** What a rater may say of two pictures. */
export const VERDICTS = ['left', 'right', 'tie'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The sides of a ballot. */
export type Side = 'left' | 'right';

const voteSchema = z.strictObject({
  format: z.literal(1),
  study: z.string(),
  rater: z.string(),
  /** Number of the ballot in the rater's order, from 1. */
  ballot: z.int().positive(),
  /** Index of the study's pair. */
  pair: z.int().nonnegative(),
  left: z.string(),
  right: z.string(),
  better: z.enum(VERDICTS),
  at: z.string(),
});

/** A vote, with the arm on each side. */
export type Vote = z.infer<typeof voteSchema>;

/** A pair as one rater sees it. */
interface SidedPair {
  pair: number;
  left: string;
  right: string;
}

/** What a rater is asked; it does not tell which arm is on which side. */
export interface Ballot {
  number: number;
  total: number;
  /** Number of ballots with a vote. */
  done: number;
  prompt: string;
  /** The vote, if there is one. */
  better?: Verdict;
}

/**
 * Draws a rater's order of the pairs and the sides of each. The same rater gets the same again, so nothing has to be
 * remembered between votes.
 */
function sidesOf(study: Study, rater: string): SidedPair[] {
  const seed = new RandomStream(study.seed, `rater ${rater}`).uint32();
  const groups = new Map<string, number[]>();
  study.pairs.forEach(({ arms }, i) => groups.set(arms.join('\n'), [...(groups.get(arms.join('\n')) ?? []), i]));
  const drawn = [...groups.values()].flatMap((indices, group) => {
    const prompts = indices.map((i) => ({ id: String(i), prompt: study.pairs[i]!.prompt }));
    return drawPairs(prompts, study.pairs[indices[0]!]!.arms, prompts.length, seed + group);
  });
  const order = [...new RandomStream(seed, 'ballots').permutation(drawn.length)];
  return order.map((i) => ({ pair: Number(drawn[i]!.id), left: drawn[i]!.A, right: drawn[i]!.B }));
}

/**
 * Asks a rater something: the first pair without a vote, or one that is named.
 * @param rater a name of lower-case letters, digits and hyphens
 * @param number of the ballot, from 1
 * @returns null when all pairs have a vote
 * @throws InputError for a name or a number that cannot be one
 * @example
 * ```ts
 * import { nextBallot } from './api/studies/ballots.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const ballot = await nextBallot(new Home('.textcraftor'), 'study-20261201-101500', 'anna');
 * console.log(ballot?.prompt);
 * ```
 */
export async function nextBallot(home: Home, id: string, rater: string, number?: number): Promise<Ballot | null> {
  const study = await readStudy(home, id);
  const name = identifier('name', rater);
  const voted = new Map((await votesOfRater(home, study, name)).map((vote) => [vote.ballot, vote.better]));
  const total = study.pairs.length;
  const wanted = number ?? study.pairs.findIndex((_, i) => !voted.has(i + 1)) + 1;
  if (wanted === 0) return null;
  const { pair } = sidedPair(study, name, wanted);
  const better = voted.get(wanted);
  return {
    number: wanted,
    total,
    done: voted.size,
    prompt: study.pairs[pair]!.prompt,
    ...(better ? { better } : {}),
  };
}

function sidedPair(study: Study, rater: string, number: number): SidedPair {
  const sided = sidesOf(study, rater)[number - 1];
  if (sided) return sided;
  throw new InputError(`Comparison ${study.id} has pairs 1 to ${study.pairs.length}; got ${number}.`);
}

/**
 * Reads the picture on a side of a ballot, a PNG file.
 * @throws InputError for a ballot that there is not, RunError when the picture is damaged
 * @example
 * ```ts
 * import { ballotPicture } from './api/studies/ballots.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const png = await ballotPicture(new Home('.textcraftor'), 'study-20261201-101500', 'anna', 1, 'left');
 * ```
 */
export async function ballotPicture(
  home: Home,
  id: string,
  rater: string,
  number: number,
  side: Side,
): Promise<Buffer> {
  const study = await readStudy(home, id);
  const sided = sidedPair(study, identifier('name', rater), number);
  return keptPicture(home, study.run, study.pairs[sided.pair]!.picture, sided[side]);
}

/**
 * Keeps a vote in a file of its own, which is durable when this returns. Voting again on a ballot replaces the vote.
 * @throws InputError for a ballot that there is not
 * @example
 * ```ts
 * import { castVote } from './api/studies/ballots.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * await castVote(new Home('.textcraftor'), 'study-20261201-101500', 'anna', 1, 'left');
 * ```
 */
export async function castVote(home: Home, id: string, given: string, ballot: number, better: Verdict): Promise<void> {
  const study = await readStudy(home, id);
  const rater = identifier('name', given);
  const { pair, left, right } = sidedPair(study, rater, ballot);
  const vote: Vote = { format: 1, study: id, rater, ballot, pair, left, right, better, at: new Date().toISOString() };
  await writeSealed(join(votesFolder(home, id), rater, `${ballot}.json`), vote);
}

/**
 * Reads all votes of a study.
 * @returns the votes, and the number of those whose files are damaged and do not count
 * @example
 * ```ts
 * import { readVotes } from './api/studies/ballots.ts';
 * import { readStudy } from './api/studies/study-records.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const home = new Home('.textcraftor');
 * const { votes } = await readVotes(home, await readStudy(home, 'study-20261201-101500'));
 * ```
 */
export async function readVotes(home: Home, study: Study): Promise<{ votes: Vote[]; damaged: number }> {
  const names = await readdir(votesFolder(home, study.id)).catch(() => []);
  const raters = names.filter((name) => isIdentifier('name', name)).toSorted();
  const files = await Promise.all(raters.map((rater) => readVoteFiles(home, study, rater)));
  const votes = files.flat();
  return { votes: votes.filter((vote) => vote !== undefined), damaged: votes.filter((vote) => !vote).length };
}

const votesOfRater = async (home: Home, study: Study, rater: string): Promise<Vote[]> =>
  (await readVoteFiles(home, study, rater)).filter((vote) => vote !== undefined);

const votesFolder = (home: Home, study: string): string => join(home.studies, study, 'votes');

async function readVoteFiles(home: Home, study: Study, rater: string): Promise<(Vote | undefined)[]> {
  const folder = join(votesFolder(home, study.id), rater);
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^\d+\.json$/.test(name));
  return Promise.all(names.map((name) => readVote(join(folder, name), study, rater)));
}

/** Reads a vote; undefined when it is damaged or belongs to another study. */
async function readVote(path: string, study: Study, rater: string): Promise<Vote | undefined> {
  const record = await readSealed(path).catch((error: unknown) => {
    if (error instanceof RunError) return undefined;
    throw error;
  });
  const { data } = voteSchema.safeParse(record);
  const arms = data && study.pairs[data.pair]?.arms;
  const fits =
    data?.study === study.id && data.rater === rater && arms?.includes(data.left) && arms.includes(data.right);
  return fits ? data : undefined;
}
