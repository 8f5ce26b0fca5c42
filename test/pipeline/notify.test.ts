import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { outcomeOf } from '../../pipeline/notify/outcome.ts';
import { sendOutcome } from '../../pipeline/notify/send.ts';
import { notifySchema } from '../../pipeline/notify/settings.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

const run = { run: 'tiny-1', folder: '/home/runs/tiny-1' };
const registered = { name: 'tiny', version: 2, promoted: true, refused: [] };
const outcome = outcomeOf(run, { registered, automatic: true });

/** A server that answers with these codes, one after the other, and what it was sent. */
async function receiver(...codes: number[]) {
  const received: { request: IncomingMessage; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (data: Buffer) => (body += data.toString()));
    request.on('end', () => {
      received.push({ request, body });
      response.writeHead(codes[received.length - 1] ?? 200).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret?token=1`, received };
}

describe('a webhook', () => {
  it('is sent the outcome as JSON, again after a fault, with a key that tells the copies', async () => {
    const { url, received } = await receiver(503, 200);
    const [delivery] = await sendOutcome([{ webhook: url }], outcome, {}, [0]);
    expect(delivery).toEqual({ hook: new URL(url).origin, delivered: true, attempts: 2 });
    expect(received.map(({ body }) => JSON.parse(body) as unknown)).toEqual([outcome, outcome]);
    const keys = received.map(({ request }) => request.headers['idempotency-key']);
    expect(keys[0]).toBe(keys[1]);
  });

  it('that refuses is not asked again', async () => {
    const { url, received } = await receiver(404);
    const [delivery] = await sendOutcome([{ webhook: url }], outcome, {}, [0]);
    expect(delivery).toMatchObject({ delivered: false, attempts: 1, problem: 'It answered 404 Not Found' });
    expect(received).toHaveLength(1);
  });

  it('that is not there is a delivery that failed, and no error', async () => {
    const [delivery] = await sendOutcome([{ webhook: 'http://127.0.0.1:9/' }], outcome, {}, [0, 0]);
    expect(delivery).toMatchObject({ delivered: false, attempts: 3 });
    expect(delivery!.problem).toMatch(/fetch failed/);
  });
});

describe('a command', () => {
  it('reads the outcome on its standard input', async () => {
    const file = join(await temporaryFolder(), 'outcome.json');
    const command = ['sh', '-c', 'cat > "$1"', 'sh', file];
    const [delivery] = await sendOutcome([{ command }], outcome, process.env);
    expect(delivery).toMatchObject({ delivered: true, attempts: 1 });
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(outcome);
  });

  it('that fails, or does not exist, is a delivery that failed', async () => {
    const hooks = [{ command: ['sh', '-c', 'echo no >&2; exit 3'] }, { command: ['no-such-command'] }];
    const [failed, absent] = await sendOutcome(hooks, outcome, process.env);
    expect(failed).toMatchObject({ delivered: false, problem: 'It ended with exit code 3. no' });
    expect(absent).toMatchObject({ delivered: false, problem: expect.stringContaining('ENOENT') });
  });
});

describe('an outcome', () => {
  it.each([
    ['failed', { registered, automatic: true, error: { name: 'RunError', message: 'no' } }],
    ['completed', { automatic: true }],
    ['completed', { registered, automatic: false }],
    ['promoted', { registered, automatic: true }],
    ['rejected', { registered: { ...registered, promoted: false, refused: ['worse'] }, automatic: true }],
  ] as const)('is called %s', (event, facts) => {
    const { error, ...rest } = { error: undefined, ...facts };
    expect(outcomeOf(run, { registered: undefined, ...rest, error } as Parameters<typeof outcomeOf>[1]).event).toBe(
      event,
    );
  });
});

it('refuses a hook that is neither', () => {
  expect(notifySchema.safeParse([{ webhook: 'ftp://x' }]).success).toBe(false);
  expect(notifySchema.safeParse([{ command: [] }]).success).toBe(false);
  expect(notifySchema.parse(undefined)).toEqual([]);
});
