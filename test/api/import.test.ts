import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { downloadModels, localModel } from '../../api/hub/hub-models.ts';
import { importModel } from '../../api/import-model.ts';
import { InputError, RetryableError } from '../../common/errors.ts';
import type { HubOptions } from '../../common/hub/options.ts';
import { writeWeights, type Weights } from '../../engine/weights/weights.ts';
import { ClipTokenizer } from '../../models/clip/tokenizer/tokenizer.ts';
import { loadPipeline } from '../../models/folder/pipeline-folder.ts';
import { COMMIT, startHub, type HubServer } from '../fixtures/hub-server.ts';
import { goldenPath } from '../models/golden.ts';

const folder = mkdtempSync(join(tmpdir(), 'import-'));
let hub: HubServer;
const golden = goldenPath('pipeline');
const hubOptions = (): HubOptions => ({ cache: join(folder, 'cache'), endpoint: hub.endpoint });

function filesOf(root: string): Record<string, Buffer> {
  const paths = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    paths.map((entry) => join(entry.parentPath, entry.name)).map((path) => [relative(root, path), readFileSync(path)]),
  );
}

beforeAll(async () => {
  hub = await startHub({
    'models/owner/tiny': {
      files: {
        ...filesOf(golden),
        'unet/diffusion_pytorch_model.bin': 'not wanted',
        'unet/diffusion_pytorch_model.fp16.safetensors': 'not wanted',
        'safety_checker/model.safetensors': 'not wanted',
        'README.md': 'not wanted',
      },
    },
    'models/owner/clip': {
      files: { 'vocab.json': '{}', 'merges.txt': '', 'tokenizer_config.json': '{}', 'model.safetensors': 'large' },
    },
    'models/owner/heads': { files: { 'heads/v1.pth': 'a head', 'heads/v2.pth': 'another' } },
  });
});
afterEach(() => hub.requests.splice(0));
afterAll(async () => {
  await hub.close();
  rmSync(folder, { recursive: true });
});

describe('a model on the hub', () => {
  it('is downloaded without unneeded files, and loads as a pipeline', async () => {
    const model = await localModel('owner/tiny', folder, hubOptions());
    expect(model).toBe(join(folder, 'cache/models--owner--tiny/snapshots', COMMIT));
    expect((await loadPipeline(model)).weights).toEqual((await loadPipeline(golden)).weights);
    expect(existsSync(join(model, 'safety_checker'))).toBe(false);
    expect(readdirSync(join(model, 'unet')).sort()).toEqual(['config.json', 'diffusion_pytorch_model.safetensors']);
    await localModel(`owner/tiny@${COMMIT}`, folder, hubOptions());
    expect(hub.requests.filter((request) => request.includes('safetensors'))).toHaveLength(3);
  });

  it('is found wherever settings name it or a file of it', async () => {
    const reward = {
      type: 'aesthetic',
      model: 'owner/tiny',
      head: 'owner/heads/heads/v1.pth@main',
      tokenizer: 'owner/clip',
    };
    const settings = { model: golden, rewards: [reward] };
    const { model, rewards } = await downloadModels(settings, folder, hubOptions());
    expect(model).toBe(golden);
    expect(rewards[0]!.model).toContain(COMMIT);
    expect(readFileSync(rewards[0]!.head, 'utf8')).toBe('a head');
    expect(existsSync(rewards[0]!.head.replace('v1', 'v2'))).toBe(false);
    expect(readdirSync(rewards[0]!.tokenizer).sort()).toEqual(['merges.txt', 'tokenizer_config.json', 'vocab.json']);
  });

  it.each<[string, RegExp]>([
    ['weights/missing', /There is no file or folder weights\/missing; as a model on the hub: .* HF_TOKEN/],
    ['owner/heads/v3.pth', /has no file v3.pth; it has heads\/v1.pth, heads\/v2.pth/],
  ])('%s, which is not there, gets one sentence', async (name, message) => {
    const error: unknown = await localModel(name, folder, hubOptions()).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
  });

  it('that cannot be reached says what to do', async () => {
    const away = { ...hubOptions(), endpoint: 'http://127.0.0.1:9' };
    const error: unknown = await localModel('owner/other', folder, away).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(RetryableError);
    expect((error as Error).message).toMatch(/no file or folder owner\/other; .* cannot be reached .* name a folder/);
  });
});

describe('textcraftor import', () => {
  const checkpoint = join(folder, 'tiny.safetensors');
  beforeAll(async () => {
    const names = JSON.parse(readFileSync(goldenPath('single-file/names.json'), 'utf8')) as Record<
      'unet' | 'vae',
      Record<string, string>
    >;
    const { weights } = await loadPipeline(golden);
    const original: Weights = new Map(
      [...weights.textEncoder].map(([name, w]) => [`cond_stage_model.transformer.${name}`, w]),
    );
    for (const part of ['unet', 'vae'] as const)
      for (const [name, ours] of Object.entries(names[part])) original.set(name, weights[part].get(ours)!);
    await writeWeights(checkpoint, original);
  });

  it('makes a folder that loads as the same pipeline', async () => {
    const out = join(folder, 'imported');
    expect(await importModel(checkpoint, { hub: hubOptions(), out, config: 'owner/tiny', dtype: 'float16' })).toBe(out);
    const [imported, expected] = [await loadPipeline(out), await loadPipeline(golden)];
    expect(imported.weights).toEqual(expected.weights);
    expect(imported.tokenizer.encode('a red cat')).toEqual(expected.tokenizer.encode('a red cat'));
    await expect(importModel(checkpoint, { hub: hubOptions(), out, dtype: 'float32' })).rejects.toThrow(/is not empty/);
  });

  it('says where a tokenizer may come from', async () => {
    const attempt = importModel(checkpoint, { hub: hubOptions(), out: join(folder, 'none'), dtype: 'float32' });
    await expect(attempt).rejects.toThrow(/has no tokenizer: name one with --tokenizer/);
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });
});

it("OpenAI's file of byte pairs is a tokenizer of 49408 tokens", async () => {
  const path = join(folder, 'bpe_simple_vocab_16e6.txt.gz');
  // As many pairs as the real one has; the first two make "cat" a token.
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!'];
  const pairs = letters.flatMap((a) => letters.map((b) => `${a} ${b}`));
  const made = [...pairs, ...pairs.flatMap((pair) => letters.map((c) => `${pair.replace(' ', '')} ${c}`))].slice(
    0,
    48_892,
  );
  writeFileSync(
    path,
    gzipSync(['"bpe_simple_vocab_16e6.txt#version: 0.2', 'c a', 'ca t</w>', ...made, 'not used', ''].join('\n')),
  );
  const tokenizer = await ClipTokenizer.load(path);
  expect([tokenizer.size, tokenizer.bosId, tokenizer.eosId, tokenizer.padId]).toEqual([49408, 49406, 49407, 49407]);
  // 'cat' is the second pair after 2 * 256 characters; 'b</w>' the character 98 - 33 with the end mark.
  expect(tokenizer.encode('Cat b')).toEqual([49406, 513, 256 + 65, 49407]);
  writeFileSync(path, gzipSync('a b\n'));
  await expect(ClipTokenizer.load(path)).rejects.toThrow(/expected a line and then 48894 pairs/);
});
