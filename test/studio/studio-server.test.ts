import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { serveStudio, type ServedStudio } from '../../studio/server/serve-studio.ts';
import { makeStudio, type Studio } from '../../studio/server/studio-app.ts';
import type { StudioAddress } from '../../studio/server/guard.ts';
import { recordRun } from './finished-run.ts';

let folder: string;
let home: Home;
let studio: Studio;
const page = new Map([
  ['/index.html', { type: 'text/html; charset=utf-8', data: new TextEncoder().encode('<p>the page</p>') }],
  ['/assets/a-1.js', { type: 'text/javascript; charset=utf-8', data: new TextEncoder().encode('1') }],
]);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'textcraftor-studio-'));
  home = new Home(join(folder, 'home'));
  await mkdir(home.folder);
  studio = open({ host: '127.0.0.1', port: 4040 });
});
afterEach(async () => {
  studio.topics.stop();
  await rm(folder, { recursive: true, force: true });
});

const open = (address: StudioAddress): Studio => makeStudio({ home, address, page, pollMilliseconds: 20 });
const get = (path: string, headers: Record<string, string> = {}, { app } = studio) =>
  app.request(path, { headers: { host: '127.0.0.1:4040', ...headers } });
const body = async (answer: Response | Promise<Response>) => (await (await answer).json()) as Record<string, unknown>;

describe('the studio answers', () => {
  it('with the runs, a run, its curves and its report', async () => {
    expect(await body(get('/api/runs'))).toEqual({ runs: [] });
    const id = await recordRun(home, 80);
    expect(await body(get('/api/runs'))).toMatchObject({ runs: [{ run: id, status: 'completed' }] });
    expect(await body(get(`/api/runs/${id}`))).toMatchObject({ run: id, workers: 'none' });
    expect(await body(get(`/api/runs/${id}/metrics`))).toMatchObject({ stages: [{ stage: 'tune-encoder' }] });
    const report = await get(`/api/runs/${id}/report`);
    expect(await report.text()).toContain(id);
    expect(report.headers.get('content-security-policy')).toBe("sandbox allow-scripts; frame-ancestors 'self'");
  });

  it('with runs side by side', async () => {
    const ids = [await recordRun(home, 80), await recordRun(home, 160)];
    const compared = await body(get(`/api/compare?run=${ids[0]}&run=${ids[1]}`));
    expect(compared).toMatchObject({ settings: [{ key: 'tuneEncoder.steps', values: [80, 160] }] });
  });

  it('writes nothing', async () => {
    const id = await recordRun(home, 80);
    const before = await new RunRecords(home).read(id);
    await get(`/api/runs/${id}/report`);
    expect(await new RunRecords(home).read(id)).toEqual(before);
    await expect(
      import('node:fs/promises').then(({ stat }) => stat(join(home.run(id), 'report.html'))),
    ).rejects.toThrow('ENOENT');
  });

  it.each([
    ['/api/runs/nothing-1', 404, 'There is no run nothing-1'],
    ['/api/runs/nothing-1/report', 404, 'There is no run nothing-1'],
    ['/api/runs/..%2F..%2Fetc', 400, 'A run id is'],
    ['/api/runs/latest', 400, 'A run id is'],
    ['/api/runs/.hidden/metrics', 400, 'A run id is'],
    [`/api/runs/${'a'.repeat(161)}`, 400, 'A run id is'],
    ['/api/compare?run=../x&run=y', 400, 'A run id is'],
    ['/api/compare', 400, 'Expected 2 to 5'],
    ['/api/events?run=..', 400, 'A run id is'],
    ['/api/elsewhere', 404, 'There is nothing at this address'],
    ['/assets/..%2Fsecret', 404, 'There is nothing at this address'],
  ])('%s with %i and a sentence', async (path, status, sentence) => {
    const answer = await get(path);
    expect(answer.status).toBe(status);
    expect(await body(answer)).toMatchObject({ error: { message: expect.stringContaining(sentence) } });
  });

  it('with what is damaged or not there yet', async () => {
    const unfinished = await recordRun(home, 80, 3);
    const answer = await get(`/api/runs/${unfinished}/report`);
    expect([answer.status, await body(answer)]).toEqual([
      404,
      { error: { name: 'NotYetError', message: 'There is no report yet: the stage sweep is not done.' } },
    ]);
    await writeFile(join(home.run(unfinished), 'run.json'), '{');
    expect((await get(`/api/runs/${unfinished}`)).status).toBe(409);
  });

  it('with the page at every address of its own, and with its files', async () => {
    for (const path of ['/', '/runs/some-run', '/compare?run=a'])
      expect(await (await get(path)).text()).toBe('<p>the page</p>');
    const asset = await get('/assets/a-1.js');
    expect(asset.headers.get('cache-control')).toContain('immutable');
    expect(asset.headers.get('content-type')).toContain('text/javascript');
  });

  it('without inline scripts, frames or a guess at types', async () => {
    const { headers } = await get('/');
    const policy = headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });
});

describe('the studio refuses', () => {
  it.each(['evil.example:4040', 'evil.example', '127.0.0.1:4041', ''])('the host %j', async (host) => {
    for (const path of ['/', '/api/runs']) expect((await get(path, { host })).status).toBe(403);
  });

  it.each([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:4041' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('readings by another site: %j', async (headers) => {
    expect((await get('/api/runs', headers as Record<string, string>)).status).toBe(403);
  });

  it('orders that do not say where they come from', async () => {
    const answer = await studio.app.request('/api/session', { method: 'POST', headers: { host: '127.0.0.1:4040' } });
    expect(answer.status).toBe(403);
  });

  it('orders, all but the exchange of a token', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const headers = { host: '127.0.0.1:4040', origin: 'http://127.0.0.1:4040' };
      expect((await studio.app.request('/api/runs', { method, headers })).status).toBe(404);
    }
  });
});

describe('where others can reach it', () => {
  const address = { host: '192.0.2.7', port: 4040, token: 'a-long-token' };
  const headers = { host: '192.0.2.7:4040', origin: 'http://192.0.2.7:4040' };
  const enter = (token: unknown, more = '') =>
    studio.app.request('/api/session', { method: 'POST', headers, body: JSON.stringify({ token }) + more });
  beforeEach(() => (studio = open(address)));

  it('shows nothing of the runs without the token, and all with the cookie it is exchanged for', async () => {
    for (const path of ['/api/runs', '/api/runs/a', '/api/runs/a/report', '/api/events', '/api/compare', '/api/x'])
      expect((await get(path, headers)).status).toBe(401);
    const cookie = (await enter('a-long-token')).headers.get('set-cookie')!;
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    expect((await get('/api/runs', { ...headers, cookie: cookie.split(';')[0]! })).status).toBe(200);
    expect((await get('/api/runs', { ...headers, cookie: 'textcraftor-studio-4040=guess' })).status).toBe(401);
  });

  it.each(['guess', '', 1, null, undefined, ['a-long-token']])('does not take %j for the token', async (token) => {
    const answer = await enter(token);
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([401, null]);
  });

  it('reads no long body', async () => {
    expect((await enter('a', ' '.repeat(2000))).status).toBe(413);
  });
});

describe('live updates', () => {
  /** Reads events until one fits. */
  async function until(reader: ReadableStreamDefaultReader<Uint8Array>, wanted: RegExp): Promise<string> {
    let text = '';
    while (!wanted.test(text)) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`ended after ${text}`);
      text += new TextDecoder().decode(value);
    }
    return text;
  }

  it('tell that the runs or a run have changed, look once for all and stop when nobody listens', async () => {
    const id = await recordRun(home, 80, 2);
    const readers = await Promise.all(
      ['/api/events', `/api/events?run=${id}`, `/api/events?run=${id}`].map(async (path) =>
        (await get(path)).body!.getReader(),
      ),
    );
    expect(studio.topics.listeners).toBe(5);
    const [first] = await Promise.all(
      readers.map((reader, i) => until(reader, i === 0 ? /event: runs\ndata: \w+/ : /event: run\ndata: \w+/)),
    );
    await new RunRecords(home).setStatus(id, 'cancelled');
    const second = await until(readers[0]!, /event: runs/);
    expect(second).not.toBe(first);
    await until(readers[1]!, /event: run\n/);
    for (const reader of readers) await reader.cancel();
    expect(studio.topics.listeners).toBe(0);
  });

  it('are given to a limited number', async () => {
    const opened = [];
    for (let i = 0; i < 64; i++) opened.push(await get('/api/events'));
    expect((await get('/api/events')).status).toBe(503);
    for (const { body } of opened) await body!.cancel();
    const again = await get('/api/events');
    expect(again.status).toBe(200);
    await again.body!.cancel();
  });
});

describe('a studio on a socket', () => {
  let served: ServedStudio;
  beforeEach(async () => {
    await writeFile(join(folder, 'index.html'), '<p>built</p>');
    await mkdir(join(folder, 'assets'));
    await writeFile(join(folder, 'assets', 'a.js'), '1');
  });
  afterEach(() => served?.close());
  const serve = async (host: string) => (served = await serveStudio({ home, page: folder, host, port: 0 }));

  /** Asks with any headers, as a browser would for a page of another site. */
  const ask = (url: string, headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      request(url, { headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode!);
      })
        .on('error', reject)
        .end();
    });

  it('answers to its own name only, and needs no token on this machine', async () => {
    const { url } = await serve('127.0.0.1');
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const { port } = new URL(url);
    expect(await ask(`${url}api/runs`, {})).toBe(200);
    expect(await ask(`${url}assets/a.js`, { host: `localhost:${port}` })).toBe(200);
    expect(await ask(`${url}api/runs`, { host: `rebound.example:${port}` })).toBe(403);
    expect(await ask(`${url}api/runs`, { origin: 'http://evil.example' })).toBe(403);
    expect(await ask(`${url}api/runs`, { origin: url.slice(0, -1) })).toBe(200);
  });

  it('has a new token each time where others can reach it', async () => {
    const { url } = await serve('0.0.0.0');
    const token = new URL(url).hash.slice('#token='.length);
    expect(token).toMatch(/^[\w-]{43}$/);
    const { port } = new URL(url);
    expect(await ask(`http://127.0.0.1:${port}/api/runs`, {})).toBe(401);
    expect(await ask(`http://127.0.0.1:${port}/api/runs`, { cookie: `textcraftor-studio-${port}=${token}` })).toBe(200);
    expect(await ask(`http://127.0.0.1:${port}/`, { host: `rebound.example:${port}` })).toBe(403);
    await served.close();
    expect((await serve('0.0.0.0')).url).not.toContain(token);
  });

  it('names a port that is taken and a page that is not built', async () => {
    const { url } = await serve('127.0.0.1');
    const port = Number(new URL(url).port);
    await expect(serveStudio({ home, page: folder, host: '127.0.0.1', port })).rejects.toThrow(
      `Port ${port} of 127.0.0.1 is taken`,
    );
    await expect(serveStudio({ home, page: join(folder, 'none'), host: '127.0.0.1', port: 0 })).rejects.toThrow(
      'npm run setup',
    );
    await expect(serveStudio({ home, page: folder, host: '192.0.2.7', port: 0 })).rejects.toThrow(
      'not an address of this machine',
    );
  });
});
