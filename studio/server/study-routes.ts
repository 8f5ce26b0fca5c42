import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { ballotPicture, castVote, nextBallot, VERDICTS, type Side } from '../../api/studies/ballots.ts';
import { beginStudy, studyIds } from '../../api/studies/study-records.ts';
import { studyResult, type StudyResult } from '../../api/studies/study-results.ts';
import { keptPictures } from '../../api/watch/run-pictures.ts';
import { InputError, RunError } from '../../common/errors.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { refuse } from './answers.ts';
import { sendPng } from './picture-routes.ts';

/** The list of studies, and the runs that a new one could compare. */
export interface StudyList {
  studies: Pick<StudyResult, 'id' | 'run' | 'arms' | 'createdAt' | 'pairs' | 'raters' | 'matches'>[];
  /** Says which studies are damaged. */
  damage: string[];
  runs: { run: string; arms: string[]; prompts: number }[];
}

const LONGEST_BODY = 4096;
const newStudy = z.strictObject({
  run: z.string().max(160),
  arms: z.array(z.string().max(100)).max(20),
  count: z.int().positive().max(100_000).optional(),
});
const newVote = z.strictObject({ better: z.enum(VERDICTS) });

/**
 * Blind comparisons by people.
 *
 * - `GET /api/studies`, `/api/studies/ID`: what people found; `POST /api/studies` with `{run, arms, count}` begins one
 * - `GET /api/studies/ID/ballots/RATER?number=N`: what a rater is asked, null when nothing is left;
 *   `/ballots/RATER/N/left` and `/right`: the pictures, whose addresses do not tell the arm
 * - `POST /api/studies/ID/ballots/RATER/N` with `{better}`: a vote, durable before the answer
 */
export function addStudies(app: Hono, home: Home): void {
  const short = bodyLimit({
    maxSize: LONGEST_BODY,
    onError: (context) => refuse(context, 413, 'BodyError', `A body has at most ${LONGEST_BODY} bytes.`),
  });
  app.get('/api/studies', async (context) => context.json(await listStudies(home)));
  app.post('/api/studies', short, async (context) => {
    const asked = await bodyOf(context, newStudy, '{run, arms, count}');
    const { id } = await beginStudy(home, asked);
    return context.json({ id }, 201);
  });
  app.get('/api/studies/:id', async (context) => context.json(await studyResult(home, context.req.param('id'))));
  app.get('/api/studies/:id/ballots/:rater', async (context) => {
    const { id, rater } = context.req.param();
    const number = context.req.query('number');
    const ballot = await nextBallot(home, id, rater, number === undefined ? undefined : Number(number));
    return context.json({ ballot });
  });
  app.get('/api/studies/:id/ballots/:rater/:number{[0-9]{1,6}}/:side{left|right}', async (context) => {
    const { id, rater, number, side } = context.req.param();
    return sendPng(context, await ballotPicture(home, id, rater, Number(number), side as Side));
  });
  app.post('/api/studies/:id/ballots/:rater/:number{[0-9]{1,6}}', short, async (context) => {
    const { id, rater, number } = context.req.param();
    const { better } = await bodyOf(context, newVote, '{better: "left", "right" or "tie"}');
    await castVote(home, id, rater, Number(number), better);
    return context.json({ ok: true });
  });
}

async function bodyOf<T>(context: Context, schema: z.ZodType<T>, expected: string): Promise<T> {
  const parsed = schema.safeParse(await context.req.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new InputError(`The request's body is not what was expected: ${expected}.`);
}

async function listStudies(home: Home): Promise<StudyList> {
  const [studies, damage]: [StudyList['studies'], string[]] = [[], []];
  for (const id of await studyIds(home)) {
    const found = await unlessDamaged(() => studyResult(home, id));
    if (typeof found === 'string') damage.push(found);
    else studies.push(found);
  }
  const runs: StudyList['runs'] = [];
  for (const run of (await new RunRecords(home).ids()).toReversed()) {
    const kept = await unlessDamaged(() => keptPictures(home, run));
    if (typeof kept === 'object' && kept.pictures.length > 0)
      runs.push({ run, arms: kept.arms, prompts: kept.pictures.length });
  }
  return { studies, damage, runs };
}

/** Returns what is damaged in a sentence, so that the rest is still shown. */
async function unlessDamaged<T>(read: () => Promise<T>): Promise<T | string> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof RunError || error instanceof InputError) return error.message;
    throw error;
  }
}
