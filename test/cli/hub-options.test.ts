import { afterEach, expect, it, vi } from 'vitest';
import { hubOptions } from '../../cli/hub-options.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

it.each<[string, Record<string, string>, object]>([
  ['a cache', { HF_HUB_CACHE: '/c', HF_HOME: '/h' }, { cache: '/c', endpoint: undefined, token: undefined }],
  ['a home', { HF_HOME: '/h', XDG_CACHE_HOME: '/x' }, { cache: '/h/hub' }],
  ["the desktop's cache", { XDG_CACHE_HOME: '/x' }, { cache: '/x/huggingface/hub' }],
  ['an endpoint and a token', { HF_ENDPOINT: 'http://a.b/', HF_TOKEN: 't' }, { endpoint: 'http://a.b', token: 't' }],
])('the hub is read from the environment: %s', (_, variables, expected) => {
  for (const name of ['HF_TOKEN', 'HF_ENDPOINT', 'HF_HUB_CACHE', 'HF_HOME', 'XDG_CACHE_HOME'])
    vi.stubEnv(name, variables[name]);
  expect(hubOptions()).toMatchObject(expected);
});

it('progress is a line per file where there is no terminal', () => {
  const isTTY = process.stderr.isTTY;
  process.stderr.isTTY = false;
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const progress = hubOptions().progress!;
  for (const done of [1, 2, 3]) progress({ file: 'a.bin', done, total: 3_000_000 });
  progress({ file: 'b.bin', done: 4, total: 3_000_000 });
  const lines = write.mock.calls.map(([text]) => text);
  process.stderr.isTTY = isTTY;
  expect(lines).toEqual(['downloading a.bin (3.0 MB in all)\n', 'downloading b.bin (3.0 MB in all)\n']);
});
