import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { outcomeOf } from '../../registry/notify/outcome.ts';
import { sendOutcome } from '../../registry/notify/send-outcome.ts';
import { publicConfig } from '../../registry/notify/notify-secrets.ts';
import { notifySchema } from '../../pipeline/config/sections/notify-settings.ts';
import { loadConfig } from '../../pipeline/config/config-file.ts';
import { textcraftor } from '../../pipeline/textcraftor.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

const run = { run: 'tiny-1', folder: '/home/runs/tiny-1' };
const registered = { name: 'tiny', version: 2, promoted: true, refused: [] };
const outcome = outcomeOf(run, { registered, automatic: true });

/** A server that answers with these codes in turn, and records its requests. */
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
  it('receives the outcome as JSON, again after a fault, with a key that identifies repeats', async () => {
    const { url, received } = await receiver(503, 200);
    const [delivery] = await sendOutcome([{ webhook: url }], outcome, {}, [0]);
    expect(delivery).toEqual({ hook: new URL(url).origin, delivered: true, attempts: 2 });
    expect(received.map(({ body }) => JSON.parse(body) as unknown)).toEqual([outcome, outcome]);
    const keys = received.map(({ request }) => request.headers['idempotency-key']);
    expect(keys[0]).toBe(keys[1]);
  });

  it('that refuses is not called again', async () => {
    const { url, received } = await receiver(404);
    const [delivery] = await sendOutcome([{ webhook: url }], outcome, {}, [0]);
    expect(delivery).toMatchObject({ delivered: false, attempts: 1, problem: 'It answered 404 Not Found' });
    expect(received).toHaveLength(1);
  });

  it('that does not exist is a failed delivery, not an error', async () => {
    const [delivery] = await sendOutcome([{ webhook: 'http://127.0.0.1:9/' }], outcome, {}, [0, 0]);
    expect(delivery).toMatchObject({ delivered: false, attempts: 3 });
    expect(delivery!.problem).toMatch(/fetch failed/);
  });
});

describe('a redirection', () => {
  it.each([301, 302, 303, 307, 308])(
    'by %s is not followed: the outcome stays with the server that was named',
    async (code) => {
      const elsewhere = await receiver();
      const from = createServer((_, response) => response.writeHead(code, { location: elsewhere.url }).end());
      from.listen(0, '127.0.0.1');
      await once(from, 'listening');
      onTestFinished(() => void from.close());
      const webhook = `http://127.0.0.1:${(from.address() as AddressInfo).port}/secret`;
      const [delivery] = await sendOutcome([{ webhook }], outcome, {}, [0, 0]);
      expect(delivery).toMatchObject({ delivered: false, attempts: 1 });
      expect(delivery!.problem).toContain(`It answered ${code}, a redirect`);
      expect(elsewhere.received).toEqual([]);
    },
  );
});

describe('the secrets of a hook', () => {
  const secret = 'T0K3N-of-the-hook';
  const notify = [
    { webhook: `https://hooks.example.org/services/${secret}?token=${secret}#${secret}` },
    { command: ['curl', '-H', `Authorization: ${secret}`, `https://example.org/${secret}`] },
  ];

  it('are not in a configuration that is shown', () => {
    const shown = publicConfig({ name: 'tiny', notify });
    expect(JSON.stringify(shown)).not.toContain(secret);
    expect(shown).toMatchObject({
      name: 'tiny',
      notify: [
        { webhook: 'https://hooks.example.org/[not shown]' },
        { command: ['curl', '[not shown]', '[not shown]', '[not shown]'] },
      ],
    });
    for (const odd of ['x', [7, null, { webhook: secret }, { command: secret }], { webhook: secret }])
      expect(JSON.stringify(publicConfig({ notify: odd }))).not.toContain(secret);
    expect(publicConfig({ name: 'tiny' })).toEqual({ name: 'tiny' });
  });

  it('are not in its outcome, even if the command prints them', async () => {
    const echo = { command: ['sh', '-c', 'echo "failed with $1" >&2; exit 1', 'sh', `https://example.org/${secret}`] };
    const none = { webhook: `http://127.0.0.1:9/${secret}` };
    const absent = { command: ['no-such-command', secret] };
    const deliveries = await sendOutcome([echo, none, absent], outcome, process.env, []);
    expect(JSON.stringify(deliveries)).not.toContain(secret);
    expect(deliveries.map(({ hook }) => hook)).toEqual(['sh', 'http://127.0.0.1:9', 'no-such-command']);
    expect(deliveries[0]!.problem).toBe('It ended with exit code 1. failed with [not shown]');
  });

  it('are not in the shown end of long output either, nor is a part of an argument', async () => {
    const long = 'L0NG'.repeat(40);
    const script = 'printf "%s%0450d" "$1" 0 >&2; exit 1';
    const cut = { command: ['sh', '-c', script, 'sh', long] };
    const part = { command: ['sh', '-c', 'echo "${1##* }" >&2; exit 1', 'sh', `Authorization: Bearer ${secret}`] };
    const [first, second] = await sendOutcome([cut, part], outcome, process.env, []);
    expect(first!.problem).not.toContain('L0NG');
    expect(second!.problem).toBe('It ended with exit code 1. [not shown]');
  });

  it('cannot be a user and password in a URL, which are refused when the configuration is read, and not shown', async () => {
    for (const user of ['me:hunter22@', 'me@', ':hunter22@']) {
      const setting = `notify=[{webhook: "https://${user}example.org/x"}]`;
      const read = loadConfig(textcraftor, { file: 'configs/shapes.yaml', settings: [setting], folder: '.' });
      await expect(read).rejects.toThrow(/"notify\.0\.webhook" must not contain a user or password/);
      await expect(read).rejects.not.toThrow('hunter22');
    }
  });
});

describe('a command', () => {
  it('is not run by a shell: the name of a run stays one word', async () => {
    const folder = await temporaryFolder();
    const odd = outcomeOf({ run: `x; touch ${folder}/y`, folder: '$(touch z)' }, { registered, automatic: true });
    const [delivery] = await sendOutcome([{ command: ['cat'] }], odd, { PATH: process.env['PATH'] });
    expect(delivery).toMatchObject({ hook: 'cat', delivered: true });
    expect(await readdir(folder)).toEqual([]);
  });

  it('reads the outcome on its standard input', async () => {
    const file = join(await temporaryFolder(), 'outcome.json');
    const command = ['sh', '-c', 'cat > "$1"', 'sh', file];
    const [delivery] = await sendOutcome([{ command }], outcome, process.env);
    expect(delivery).toMatchObject({ delivered: true, attempts: 1 });
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(outcome);
  });

  it('that fails, or does not exist, is a failed delivery', async () => {
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

it('refuses a hook that is neither a URL nor a command', () => {
  expect(notifySchema.safeParse([{ webhook: 'ftp://x' }]).success).toBe(false);
  expect(notifySchema.safeParse([{ command: [] }]).success).toBe(false);
  expect(notifySchema.parse(undefined)).toEqual([]);
});
