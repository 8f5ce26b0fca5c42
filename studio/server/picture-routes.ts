import type { Context, Hono } from 'hono';
import { keptPicture, keptPictures } from '../../api/watch/run-pictures.ts';
import { runResult } from '../../api/watch/run-result.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { refuse } from './answers.ts';

/** A run's kept pictures, as the page asks for them. */
export interface PictureList {
  arms: string[];
  /** In the order of their numbers. */
  prompts: string[];
}

/**
 * - `GET /api/runs/ID/result?arm=NAME`: what an arm gained on each prompt
 * - `GET /api/runs/ID/pictures`: the arms and prompts of the kept pictures; `/pictures/NUMBER/ARM`: a PNG file
 *
 * @param idOf the run that a request names, after checking it
 */
export function addPictures(app: Hono, home: Home, idOf: (context: Context) => string): void {
  app.get('/api/runs/:id/result', async (context) => {
    const result = await runResult(home, idOf(context), context.req.query('arm'));
    return result ? context.json(result) : notYet(context);
  });
  app.get('/api/runs/:id/pictures', async (context) => {
    const kept = await keptPictures(home, idOf(context));
    if (!kept) return notYet(context);
    const { arms, pictures } = kept;
    return context.json({ arms, prompts: pictures.map(({ prompt }) => prompt) } satisfies PictureList);
  });
  app.get('/api/runs/:id/pictures/:index{[0-9]{1,6}}/:arm', async (context) => {
    const { index, arm } = context.req.param();
    const png = await keptPicture(home, idOf(context), Number(index), arm);
    return sendPng(context, png, 'private, max-age=300');
  });
}

/** Sends a picture. @param caching how long a browser may keep it; not at all unless it is said */
export function sendPng(context: Context, png: Uint8Array, caching = 'no-store'): Response {
  return context.body(Uint8Array.from(png), 200, { 'Content-Type': 'image/png', 'Cache-Control': caching });
}

const notYet = (context: Context): Response =>
  refuse(context, 404, 'NotYetError', 'There is no result yet: the stage evaluate is not done.');
