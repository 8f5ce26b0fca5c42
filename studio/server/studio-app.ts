import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { setCookie } from 'hono/cookie';
import { streamSSE } from 'hono/streaming';
import { renderRunReport } from '../../api/runs/report-of-run.ts';
import { compareRuns } from '../../api/watch/compare-runs.ts';
import { runCurves } from '../../api/watch/run-curves.ts';
import { RunRows } from '../../api/watch/run-rows.ts';
import { watchedRun } from '../../api/watch/watched-run.ts';
import { NothingThereError } from '../../common/errors.ts';
import { identifier } from '../../common/identifiers.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { answerError, refuse } from './answers.ts';
import { cookieName, isToken, requireHost, requireOrigin, requireToken, secureHeaders } from './guard.ts';
import type { StudioAddress } from './guard.ts';
import { INDEX, type PageFile } from './page-files.ts';
import { Topics } from './topics.ts';

export interface StudioOptions {
  home: Home;
  address: StudioAddress;
  /** Files of the built page by their addresses. */
  page: ReadonlyMap<string, PageFile>;
  /** Told of errors that nobody foresaw. */
  onError?: ((error: Error) => void) | undefined;
  /** Between two looks at the files. Default 1000. */
  pollMilliseconds?: number;
}

/** A studio's HTTP interface, and how to end its looking at files. */
export interface Studio {
  app: Hono;
  topics: Topics;
}

/** Most connections for live updates: a browser's tabs need one each. */
const MOST_LISTENERS = 64;
/** A token and its JSON. */
const LONGEST_BODY = 1024;
/** Keeps connections through proxies, and finds out that a listener has gone. */
const PING_MILLISECONDS = 15_000;

/** The policy of a report: it may run its own script, but in an origin of its own, which reaches nothing. */
const REPORT_POLICY = "sandbox allow-scripts; frame-ancestors 'self'";

/**
 * The studio over HTTP: what api/ says about the runs of a home, and the page that shows it. Read-only.
 *
 * - `GET /api/runs`, `/api/runs/ID`, `/api/runs/ID/metrics`: JSON; `/api/runs/ID/report`: the report's page
 * - `GET /api/compare?run=ID&run=ID`: two to five runs side by side
 * - `GET /api/events?run=ID`: server-sent events `runs`, `run` and `metrics`, each with a version, when one changes
 * - `POST /api/session` with `{token}`: exchanges the token for a cookie
 *
 * An error is `{error: {name, message}}`.
 */
export function makeStudio(options: StudioOptions): Studio {
  const { home, address, page, onError } = options;
  const app = new Hono();
  const topics = new Topics(options.pollMilliseconds ?? 1000);
  app.onError((error, context) => {
    const answer = answerError(error, context);
    if (answer.status === 500) onError?.(error);
    return answer;
  });
  app.use(secureHeaders(), requireHost(address));
  app.use('/api/*', requireOrigin());
  addSession(app, address);
  app.use('/api/*', requireToken(address));
  addReadings(app, home, topics);
  app.all('/api/*', (context) => refuse(context, 404, 'AddressError', 'There is nothing at this address.'));
  app.get('*', (context) => sendPage(context, page));
  return { app, topics };
}

function addSession(app: Hono, address: StudioAddress): void {
  const tooLong = (context: Context) => refuse(context, 413, 'BodyError', `A body has at most ${LONGEST_BODY} bytes.`);
  app.post('/api/session', bodyLimit({ maxSize: LONGEST_BODY, onError: tooLong }), async (context) => {
    const body: unknown = await context.req.json().catch(() => undefined);
    const { token } = (typeof body === 'object' && body !== null ? body : {}) as { token?: unknown };
    if (address.token !== undefined) {
      if (typeof token !== 'string' || !isToken(token, address.token))
        return refuse(context, 401, 'TokenError', 'This is not the token that textcraftor studio printed.');
      setCookie(context, cookieName(address), token, { httpOnly: true, sameSite: 'Strict', path: '/' });
    }
    return context.json({ ok: true });
  });
}

function addReadings(app: Hono, home: Home, topics: Topics): void {
  const rows = new RunRows(home);
  const idOf = (context: Context) => existing(home, context.req.param('id'));
  app.get('/api/runs', async (context) => context.json({ runs: await rows.read() }));
  app.get('/api/runs/:id', async (context) => context.json(await watchedRun(home, idOf(context))));
  app.get('/api/runs/:id/metrics', async (context) => context.json({ stages: await runCurves(home, idOf(context)) }));
  app.get('/api/runs/:id/report', async (context) => {
    const report = await renderRunReport(home, await new RunRecords(home).read(idOf(context)));
    if ('missing' in report)
      return refuse(context, 404, 'NotYetError', `There is no report yet: the stage ${report.missing} is not done.`);
    context.header('Content-Security-Policy', REPORT_POLICY);
    return context.html(report.page);
  });
  app.get('/api/compare', async (context) => {
    const ids = (context.req.queries('run') ?? []).map((id) => existing(home, id));
    return context.json(await compareRuns(home, ids));
  });
  app.get('/api/events', (context) => sendEvents(context, home, rows, topics));
}

/** Returns the id of a run that has a record. @throws InputError if it is none, NothingThereError if it has no record */
function existing(home: Home, given: string | undefined): string {
  const id = identifier('run', given);
  if (new RunRecords(home).has(id)) return id;
  throw new NothingThereError(`There is no run ${id} in this project.`);
}

function sendEvents(context: Context, home: Home, rows: RunRows, topics: Topics): Response {
  const given = context.req.query('run');
  const id = given === undefined ? undefined : existing(home, given);
  if (topics.listeners >= MOST_LISTENERS)
    return refuse(context, 503, 'BusyError', 'Too many pages of the studio are open.');
  const wanted: [event: string, topic: string, read: () => Promise<unknown>][] =
    id === undefined
      ? [['runs', 'runs', () => rows.read()]]
      : [
          ['run', `run ${id}`, () => watchedRun(home, id)],
          ['metrics', `metrics ${id}`, () => runCurves(home, id)],
        ];
  return streamSSE(context, async (stream) => {
    const send = (event: string) => (version: string) => void stream.writeSSE({ event, data: version }).catch(() => {});
    const ends = wanted.map(([event, topic, read]) => topics.listen(topic, read, send(event)));
    stream.onAbort(() => ends.forEach((end) => end()));
    while (!stream.aborted && !stream.closed) {
      await stream.sleep(PING_MILLISECONDS);
      await stream.write(': \n\n');
    }
    ends.forEach((end) => end());
  });
}

/** Sends a file of the page; its first one at every address that is not a file's, since the page has several. */
function sendPage(context: Context, page: StudioOptions['page']): Response {
  const known = page.get(context.req.path);
  if (!known && context.req.path.startsWith('/assets/'))
    return refuse(context, 404, 'AddressError', 'There is nothing at this address.');
  const { type, data } = known ?? page.get(INDEX)!;
  // The names of assets change with their content.
  const isAsset = known !== undefined && context.req.path.startsWith('/assets/');
  return context.body(data, 200, {
    'Content-Type': type,
    'Cache-Control': isAsset ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
}
