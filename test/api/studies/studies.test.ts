import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ballotPicture, castVote, nextBallot, readVotes, type Verdict } from '../../../api/studies/ballots.ts';
import { beginStudy, readStudy, studyIds, type Study } from '../../../api/studies/study-records.ts';
import { studyResult } from '../../../api/studies/study-results.ts';
import { keptPicture } from '../../../api/watch/run-pictures.ts';
import { Home } from '../../../pipeline/runs/home.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';
import { recordRun } from '../../studio/finished-run.ts';

let home: Home;
let run: string;
beforeEach(async () => {
  home = new Home(join(await temporaryFolder(), 'home'));
  await mkdir(home.folder);
  run = await recordRun(home, 80);
});

/** Votes as somebody who always prefers an arm, and calls a tie where it is not shown. */
async function voteFor(study: Study, rater: string, preferred: string): Promise<void> {
  for (let ballot; (ballot = await nextBallot(home, study.id, rater));) {
    const { number, prompt } = ballot;
    const index = study.pairs.find((pair) => pair.prompt === prompt)!.picture;
    const wanted = await keptPicture(home, run, index, preferred);
    const sides = ['left', 'right'] as const;
    const shown = await Promise.all(sides.map((side) => ballotPicture(home, study.id, rater, number, side)));
    const better: Verdict = sides.find((_, i) => shown[i]!.equals(wanted)) ?? 'tie';
    await castVote(home, study.id, rater, number, better);
  }
}

describe('a blind comparison', () => {
  it('asks each rater about every pair once, and counts who won', async () => {
    const study = await beginStudy(home, { run, arms: ['base', 'tuned'], seed: 1 });
    await voteFor(study, 'anna', 'tuned');
    await voteFor(study, 'ben', 'tuned');
    const result = await studyResult(home, study.id);
    expect(result.raters).toEqual([
      { rater: 'anna', votes: 4 },
      { rater: 'ben', votes: 4 },
    ]);
    expect(result.matches).toMatchObject([
      { arms: ['base', 'tuned'], votes: 8, pairs: 4, ties: 0, cases: 4, share: 1 },
    ]);
    expect(result.agreement).toEqual({ pairs: 4, alpha: null });
    expect(result.strengths).toBeUndefined();
    expect(result.metrics.find(({ metric }) => metric === 'aesthetic')).toMatchObject({ cases: 4, share: 1 });
    expect(await nextBallot(home, study.id, 'anna')).toBeNull();
  });

  it('ranks three arms and tells how far people agree', async () => {
    const study = await beginStudy(home, { run, arms: ['base', 'tuned', 'exported'], seed: 1 });
    await voteFor(study, 'anna', 'tuned');
    await voteFor(study, 'ben', 'base');
    const { strengths, agreement, matches } = await studyResult(home, study.id);
    expect(strengths!.map(({ name }) => name)).toEqual(['base', 'tuned', 'exported']);
    expect(agreement!.alpha).toBeLessThan(0.5);
    expect(matches.map(({ arms }) => arms.join())).toEqual(['base,tuned', 'base,exported', 'tuned,exported']);
  });

  it('hides the sides: they differ from rater to rater, and are the same when one comes back', async () => {
    const study = await beginStudy(home, { run, arms: ['base', 'tuned'], seed: 1 });
    const seen = async (rater: string) =>
      Promise.all(
        [1, 2, 3, 4].map(async (number) => (await ballotPicture(home, study.id, rater, number, 'left')).length),
      );
    const all = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(seen));
    expect(new Set(all.map(String)).size).toBeGreaterThan(2);
    expect(await seen('a')).toEqual(all[0]);
    const ballot = await nextBallot(home, study.id, 'a');
    expect(Object.keys(ballot!).toSorted()).toEqual(['done', 'number', 'prompt', 'total']);
  });

  it('keeps a vote in a file of its own; another vote on the pair replaces it', async () => {
    const study = await beginStudy(home, { run, arms: ['base', 'tuned'] });
    await castVote(home, study.id, 'anna', 1, 'left');
    await castVote(home, study.id, 'anna', 2, 'tie');
    await castVote(home, study.id, 'anna', 1, 'right');
    expect(await readdir(join(home.studies, study.id, 'votes', 'anna'))).toEqual(['1.json', '2.json']);
    const { votes } = await readVotes(home, study);
    expect(votes.map(({ ballot, better }) => [ballot, better])).toEqual([
      [1, 'right'],
      [2, 'tie'],
    ]);
    expect(await nextBallot(home, study.id, 'anna')).toMatchObject({ number: 3, done: 2, total: 4 });
    expect(await nextBallot(home, study.id, 'anna', 1)).toMatchObject({ number: 1, better: 'right' });
  });

  it('does not count a vote whose file is damaged, and says so', async () => {
    const study = await beginStudy(home, { run, arms: ['base', 'tuned'] });
    await castVote(home, study.id, 'anna', 1, 'left');
    const path = join(home.studies, study.id, 'votes', 'anna', '1.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('"better":"left"', '"better":"right"'));
    expect(await studyResult(home, study.id)).toMatchObject({ damaged: 1, raters: [] });
    expect(await nextBallot(home, study.id, 'anna')).toMatchObject({ number: 1 });
  });

  it('draws fewer prompts, and leaves out pairs of equal pictures', async () => {
    expect((await beginStudy(home, { run, arms: ['base', 'tuned'], count: 2 })).pairs).toHaveLength(2);
    const { pairs, same } = await beginStudy(home, { run, arms: ['base', 'tuned', 'exported'] });
    expect(pairs.length + same).toBe(12);
    expect(await studyIds(home)).toHaveLength(2);
  });
});

describe('a blind comparison refuses', () => {
  it.each([
    [['base'], 'Expected two to 6 different arms'],
    [['base', 'base'], 'Expected two to 6 different arms'],
    [['base', 'nothing'], 'keeps no pictures of an arm "nothing"'],
  ])('the arms %j', async (arms, sentence) => {
    await expect(beginStudy(home, { run, arms })).rejects.toThrow(sentence);
  });

  it('a run that was not evaluated', async () => {
    const unfinished = await recordRun(home, 80, 3);
    await expect(beginStudy(home, { run: unfinished, arms: ['base', 'tuned'] })).rejects.toThrow(
      'no pictures to compare',
    );
  });

  it('names that are none, pairs that there are not, and what does not exist', async () => {
    const { id } = await beginStudy(home, { run, arms: ['base', 'tuned'] });
    await expect(castVote(home, id, '../anna', 1, 'left')).rejects.toThrow('A name is');
    await expect(castVote(home, id, 'anna', 5, 'left')).rejects.toThrow('has pairs 1 to 4; got 5');
    await expect(readStudy(home, '..')).rejects.toThrow('A name is');
    await expect(readStudy(home, 'study-1')).rejects.toThrow('There is no comparison study-1');
  });
});
