import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancelledError, InputError, RetryableError } from '../../common/errors.ts';
import { rewrite } from '../../evaluation/arms/prompt-rewriter.ts';
import { stylePhrases, withPhrases } from '../../evaluation/arms/style-phrases.ts';

const signal = new AbortController().signal;
const node = (code: string) => ({ command: [process.execPath, '-e', code], timeoutSeconds: 1200, batch: 2 });
const READ =
  "let s=''; process.stdin.on('data', (d) => (s += d)).on('end', () => { const { prompts } = JSON.parse(s); ";

describe('a rewriter', () => {
  let server: Server;
  const asked: string[][] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request
        .on('data', (part: Buffer) => (body += part.toString()))
        .on('end', () => {
          const { prompts } = JSON.parse(body) as { prompts: string[] };
          asked.push(prompts);
          if (request.url === '/slow') return;
          if (request.url === '/busy') response.statusCode = 503;
          response.end(JSON.stringify({ prompts: prompts.map((prompt) => `${prompt}, better`) }));
        });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const at = (path: string, timeoutSeconds = 1200) => ({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    timeoutSeconds,
    batch: 2,
  });

  it('is asked over HTTP, a batch at a time', async () => {
    expect(await rewrite(['a', 'b', 'c'], at('/'), signal)).toEqual(['a, better', 'b, better', 'c, better']);
    expect(asked).toEqual([['a', 'b'], ['c']]);
  });

  it('is a program that reads and writes JSON', async () => {
    const spec = node(`${READ} console.log(JSON.stringify({ prompts: prompts.map((p) => p.toUpperCase()) })) })`);
    expect(await rewrite(['a', 'b', 'c'], spec, signal)).toEqual(['A', 'B', 'C']);
  });

  it.each([
    ['console.log("hello")', InputError, 'did not answer in JSON ("hello")'],
    [
      'console.log(JSON.stringify({ prompts: ["x"] }))',
      InputError,
      'answered with 1 items; expected {"prompts": [...]} with 2 prompts',
    ],
    ['console.error("no model"); process.exit(3)', RetryableError, 'ended with code 3 (no model)'],
  ] as const)('is refused for %s', async (code, type, message) => {
    const error = await rewrite(['a', 'b'], node(code), signal).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(type);
    expect((error as Error).message).toContain(message);
  });

  it('may be retried when it is busy, slow or missing', async () => {
    await expect(rewrite(['a'], at('/busy'), signal)).rejects.toThrow(/cannot be used: status 503/);
    await expect(rewrite(['a'], at('/slow', 0.2), signal)).rejects.toThrow(/gave no answer within 0.2 s/);
    const missing = { command: ['/no/such/program'], timeoutSeconds: 1200, batch: 1 };
    await expect(rewrite(['a'], missing, signal)).rejects.toThrow(RetryableError);
    const hanging = node('setTimeout(() => {}, 60000)');
    await expect(rewrite(['a'], { ...hanging, timeoutSeconds: 0.3 }, signal)).rejects.toThrow('within 0.3 s');
  });

  it('stops when the run is cancelled', async () => {
    await expect(rewrite(['a'], at('/'), AbortSignal.abort())).rejects.toThrow(CancelledError);
  });
});

describe('style phrases', () => {
  it('are the parts of prompts after the first comma, most frequent first', () => {
    const prompts = [
      'a cat, 8k, Highly detailed',
      'a dog, highly detailed',
      'a fish, 8k, 8k',
      'a cow',
      'x, a very long sentence of words, rare',
    ];
    expect(stylePhrases(prompts, 2)).toEqual([
      { phrase: '8k', count: 2 },
      { phrase: 'highly detailed', count: 2 },
    ]);
    expect(withPhrases('a cat', ['8k', 'sharp'])).toBe('a cat, 8k, sharp');
  });
});
