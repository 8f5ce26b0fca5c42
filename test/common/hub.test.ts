import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError, RetryableError } from '../../common/errors.ts';
import type { HubOptions } from '../../common/hub/options.ts';
import { downloadRepo, parseHubRepo } from '../../common/hub/repository.ts';
import { COMMIT, startHub, type HubServer } from '../fixtures/hub-server.ts';

const large = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251));
const files = { 'config.json': '{"a": 1}', 'unet/model.safetensors': large, 'unet/model.bin': 'not wanted' };

let hub: HubServer;
let cache: string;
beforeEach(async () => {
  cache = mkdtempSync(join(tmpdir(), 'hub-'));
  hub = await startHub({
    'models/runway/sd': { files },
    'models/runway/closed': { files, token: 'hf_secret' },
    'datasets/owner/prompts': { files: { 'data/a.parquet': large, 'README.md': 'x' } },
    'models/evil/paths': { files: { '../../outside': 'x' } },
  });
});
afterEach(async () => {
  await hub.close();
  rmSync(cache, { recursive: true });
});

const sd = { kind: 'model', id: 'runway/sd' } as const;
const wanted = (paths: string[]) => paths.filter((path) => !path.endsWith('.bin'));
const download = (repo: Parameters<typeof downloadRepo>[0] = sd, options: Partial<HubOptions> = {}) =>
  downloadRepo(repo, wanted, { cache, endpoint: hub.endpoint, ...options });
function folderInstead(path: string): void {
  rmSync(path);
  mkdirSync(path);
}
const contents = () => hub.requests.filter((request) => request.includes('/resolve/'));

describe('downloadRepo', () => {
  it('fetches the chosen files, into the layout of the Python cache', async () => {
    const states: number[] = [];
    const { folder, commit, files: found } = await download(sd, { progress: ({ done }) => states.push(done) });
    expect({ commit, found }).toEqual({ commit: COMMIT, found: ['config.json', 'unet/model.safetensors'] });
    expect(folder).toBe(join(cache, 'models--runway--sd', 'snapshots', COMMIT));
    expect(readFileSync(join(folder, 'unet/model.safetensors')).equals(large)).toBe(true);
    expect(lstatSync(join(folder, 'config.json')).isSymbolicLink()).toBe(true);
    expect(existsSync(join(folder, 'unet/model.bin'))).toBe(false);
    expect(readFileSync(join(cache, 'models--runway--sd/refs/main'), 'utf8')).toBe(COMMIT);
    expect(states.toSorted((a, b) => a - b)).toEqual(states);
    expect(states.at(-1)).toBe(large.length + files['config.json'].length);
  });

  it('fetches nothing twice, and needs no network for a commit that it has', async () => {
    await download();
    const before = contents().length;
    await download();
    expect(contents()).toHaveLength(before);
    await hub.close();
    await download({ ...sd, revision: COMMIT });
    await download({ ...sd, revision: 'main' });
  });

  it.each([
    ['a content cut short', 'blobs', (path: string) => truncateSync(path, 10)],
    ['an empty list of files', 'listings', (path: string) => truncateSync(path, 0)],
    ['a folder in place of a list', 'listings', folderInstead],
    ['a folder in place of a content', 'blobs', folderInstead],
    ['a folder in place of a branch', 'refs', folderInstead],
  ])('replaces damaged files of the cache: %s', async (_, where, damage) => {
    const { folder } = await download();
    const root = join(cache, 'models--runway--sd');
    for (const name of readdirSync(join(root, where))) damage(join(root, where, name));
    await download();
    expect(readFileSync(join(folder, 'unet/model.safetensors')).equals(large)).toBe(true);
    expect(readFileSync(join(folder, 'config.json'), 'utf8')).toBe(files['config.json']);
    const before = contents().length;
    await download();
    expect(contents()).toHaveLength(before);
  });

  it('sets a folder in place of a half download aside', async () => {
    hub.faults.breakAfter = { 'unet/model.safetensors': 120_000 };
    await download();
    const [partial] = readdirSync(join(cache, 'models--runway--sd', 'blobs')).filter((name) => name.length === 64);
    rmSync(join(cache, 'models--runway--sd', 'blobs', partial!));
    mkdirSync(join(cache, 'models--runway--sd', 'blobs', `${partial}.incomplete`));
    const { folder } = await download();
    expect(readFileSync(join(folder, 'unet/model.safetensors')).equals(large)).toBe(true);
  });

  it('continues where a transfer broke off', async () => {
    hub.faults.breakAfter = { 'unet/model.safetensors': 120_000 };
    const { folder } = await download();
    expect(readFileSync(join(folder, 'unet/model.safetensors')).equals(large)).toBe(true);
    const ranges = contents()
      .filter((request) => request.includes('safetensors'))
      .map((r) => Number(/=(\d+)/.exec(r)![1]));
    expect(ranges).toHaveLength(2);
    expect(ranges[0]).toBe(0);
    expect(ranges[1]).toBeGreaterThan(0);
  });

  it('continues in the next call after it was stopped', async () => {
    const stop = new AbortController();
    const progress = ({ done }: { done: number }) => done > 50_000 && stop.abort();
    await expect(download(sd, { signal: stop.signal, progress })).rejects.toThrow(/runway\/sd was stopped/);
    const { folder } = await download();
    expect(readFileSync(join(folder, 'unet/model.safetensors')).equals(large)).toBe(true);
    expect(contents().at(-1)).toMatch(/bytes=[1-9]\d*-$/);
  });

  it('starts again when the server does not support ranges', async () => {
    hub.faults = { breakAfter: { 'unet/model.safetensors': 1000 }, noRanges: true };
    const { folder } = await download();
    expect(readFileSync(join(folder, 'unet/model.safetensors')).equals(large)).toBe(true);
  });

  it('serves data sets too, and repositories that need a token', async () => {
    const { folder } = await download({ kind: 'dataset', id: 'owner/prompts' });
    expect(folder).toBe(join(cache, 'datasets--owner--prompts', 'snapshots', COMMIT));
    expect(readFileSync(join(folder, 'data/a.parquet')).equals(large)).toBe(true);
    await download({ kind: 'model', id: 'runway/closed' }, { token: 'hf_secret' });
  });
});

describe('each failure gets one sentence', () => {
  it.each<[string, Parameters<typeof download>, RegExp]>([
    ['no token', [{ kind: 'model', id: 'runway/closed' }], /without a token, or it does not exist.*HF_TOKEN/],
    ['a wrong token', [{ kind: 'model', id: 'runway/closed' }, { token: 'hf_x' }], /to the owner of this HF_TOKEN/],
    ['no token at all', [{ kind: 'model', id: 'runway/closed' }, { token: 'x' }], /HF_TOKEN is not a token of the hub/],
    ['no such revision', [{ ...sd, revision: 'v9' }], /no model runway\/sd with the revision v9 at http/],
    [
      'an invalid name',
      [{ kind: 'model', id: '../sd' }],
      /"..\/sd" .* does not name a repository; expected owner\/name/,
    ],
    ['a revision that leaves the cache', [{ ...sd, revision: '../../x' }], /does not name a repository/],
    [
      'a listed path that leaves the cache',
      [{ kind: 'model', id: 'evil/paths' }],
      /"..\/..\/outside" .* relative path/,
    ],
  ])('%s', async (_name, args, message) => {
    const error: unknown = await download(...args).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
    expect(existsSync(join(cache, '..', 'outside'))).toBe(false);
  });

  it('a file with other content than the hub says is deleted', async () => {
    hub.faults.instead = { 'unet/model.safetensors': Buffer.alloc(large.length) };
    const error: unknown = await download().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(RetryableError);
    expect((error as Error).message).toMatch(/unet\/model.safetensors of runway\/sd arrived with the digest .*deleted/);
    expect(readdirSync(join(cache, 'models--runway--sd/blobs'))).toHaveLength(1);
    hub.faults = {};
    await download();
  });

  it('no hub at all', async () => {
    await hub.close();
    const error: unknown = await download().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(RetryableError);
    expect((error as Error).message).toMatch(
      /cannot be reached for the model runway\/sd \(ECONNREFUSED\): .* name a folder on this machine/,
    );
  });
});

it('owner/name@revision is distinguished from a path', () => {
  expect(parseHubRepo('model', 'a/b')).toEqual({ kind: 'model', id: 'a/b', revision: undefined });
  expect(parseHubRepo('model', 'a-1/b.c@refs/pr/1')).toMatchObject({ id: 'a-1/b.c', revision: 'refs/pr/1' });
  for (const path of ['a', './a', '/a/b', 'a/b/c', '../b', 'a/b@', 'a/b@../c', 'a/..'])
    expect(parseHubRepo('model', path), path).toBeUndefined();
});
