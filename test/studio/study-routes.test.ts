import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Home } from '../../pipeline/runs/home.ts';
import { makeStudio, type Studio } from '../../studio/server/studio-app.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';
import { recordRun } from './finished-run.ts';

let home: Home;
let run: string;
let studio: Studio;
const index = { type: 'text/html; charset=utf-8', data: new TextEncoder().encode('<p>the page</p>') };
beforeEach(async () => {
  home = new Home(join(await temporaryFolder(), 'home'));
  await mkdir(home.folder);
  run = await recordRun(home, 80);
  studio = makeStudio({
    home,
    address: { host: '127.0.0.1', port: 4040 },
    page: new Map([['/index.html', index]]),
    pollMilliseconds: 20,
  });
  onTestFinished(() => studio.topics.stop());
});

const headers = { host: '127.0.0.1:4040', origin: 'http://127.0.0.1:4040' };
const get = (path: string) => studio.app.request(path, { headers });
const post = (path: string, body: unknown, more: Record<string, string> = {}) =>
  studio.app.request(path, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) });
const body = async (answer: Response | Promise<Response>) => (await (await answer).json()) as Record<string, never>;

describe('pictures and results', () => {
  it('are those that the evaluation kept', async () => {
    expect(await body(get(`/api/runs/${run}/pictures`))).toMatchObject({
      arms: ['base', 'tuned', 'chosen', 'exported'],
    });
    const picture = await get(`/api/runs/${run}/pictures/0/base`);
    expect(picture.headers.get('content-type')).toBe('image/png');
    expect(
      Buffer.from(await picture.arrayBuffer())
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    const result = await body(get(`/api/runs/${run}/result`));
    expect(result).toMatchObject({ arm: 'chosen', trained: ['clip'], judge: 'oracle' });
    expect(await body(get(`/api/runs/${run}/result?arm=tuned`))).toMatchObject({ arm: 'tuned' });
  });

  it.each([
    ['pictures/9/base', 404, 'keeps no such picture'],
    ['pictures/0/nothing', 404, 'keeps no such picture'],
    ['pictures/0/..%2F..%2Fbase', 404, 'keeps no such picture'],
    ['pictures/-1/base', 404, 'There is nothing at this address'],
    ['pictures/0/__proto__', 404, 'keeps no such picture'],
    ['result?arm=nothing', 400, 'has no arm "nothing"'],
  ])('%s is refused with %i and a sentence', async (path, status, sentence) => {
    const answer = await get(`/api/runs/${run}/${path}`);
    expect([answer.status, JSON.stringify(await body(answer))]).toEqual([
      status,
      expect.stringContaining(JSON.stringify(sentence).slice(1, -1)),
    ]);
  });
});

describe('votes', () => {
  it('are asked for, shown without the arms and counted', async () => {
    const begun = await post('/api/studies', { run, arms: ['base', 'tuned'] });
    expect(begun.status).toBe(201);
    const { id } = await body(begun);
    const base = `/api/studies/${id}/ballots/anna`;
    const asked = await body(get(base));
    expect(JSON.stringify(asked)).not.toMatch(/base|tuned/);
    const sides = await Promise.all(['left', 'right'].map((side) => get(`${base}/1/${side}`)));
    for (const side of sides) expect(side.headers.get('cache-control')).toBe('no-store');
    expect((await post(`${base}/1`, { better: 'left' })).status).toBe(200);
    expect(await body(get(base))).toMatchObject({ ballot: { number: 2, done: 1 } });
    expect(await body(get(`/api/studies/${id}`))).toMatchObject({ raters: [{ rater: 'anna', votes: 1 }] });
    expect(await body(get('/api/studies'))).toMatchObject({ studies: [{ id }], runs: [{ run, prompts: 4 }] });
  });

  it.each([
    ['/api/studies', { run: 'nothing-1', arms: ['base', 'tuned'] }, 400],
    ['/api/studies', { run: '../x', arms: ['base', 'tuned'] }, 400],
    ['/api/studies', { run: 'latest', arms: 'base' }, 400],
    ['/api/studies', { run: 'latest', arms: ['base', 'tuned'], count: 0 }, 400],
    ['/api/studies', { run: 'latest', arms: ['base', 'tuned'], more: 1 }, 400],
    ['/api/studies', { run: 'x'.repeat(10_000) }, 413],
    ['/api/studies/study-1/ballots/anna/1', { better: 'left' }, 404],
    ['/api/studies/..%2Fruns/ballots/anna/1', { better: 'left' }, 400],
    ['/api/studies/study-1/ballots/anna/0.5', { better: 'left' }, 404],
  ])('%s refuses what it does not expect (%#)', async (path, sent, status) => {
    expect((await post(path, sent)).status).toBe(status);
  });

  it('of a comparison are refused from other sites, for raters that are none and in other words', async () => {
    const { id } = await body(post('/api/studies', { run, arms: ['base', 'tuned'] }));
    const path = `/api/studies/${id}/ballots/anna/1`;
    expect((await post(path, { better: 'left' }, { origin: 'http://evil.example' })).status).toBe(403);
    expect((await post(path, { better: 'both' })).status).toBe(400);
    expect((await post(`/api/studies/${id}/ballots/..%2Fanna/1`, { better: 'left' })).status).toBe(400);
    expect((await post(`/api/studies/${id}/ballots/anna/99`, { better: 'left' })).status).toBe(400);
    expect(await body(get(`/api/studies/${id}`))).toMatchObject({ raters: [] });
  });
});
