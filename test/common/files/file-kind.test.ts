import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../common/errors.ts';
import { fileKind } from '../../../common/files/file-kind.ts';
import { readWeights } from '../../../engine/weights/weights.ts';
import { WordPieceTokenizer } from '../../../models/blip/word-piece.ts';
import { ClipTokenizer } from '../../../models/clip/tokenizer/tokenizer.ts';
import { readJson } from '../../../models/folder/network-config.ts';
import { goldenPath } from '../../models/golden.ts';

const folder = mkdtempSync(join(tmpdir(), 'kinds-'));
afterAll(() => rmSync(folder, { recursive: true }));

const pointer =
  'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n';
const golden = (path: string) => readFileSync(goldenPath(path));
/** The kind of a file, and its name in the message. */
const CONTENTS: Record<string, [content: string | Buffer, message: RegExp]> = {
  pointer: [pointer, /is a git-LFS pointer, not the file itself.* "git lfs pull"/],
  page: ['\n<!DOCTYPE html><html><body>Sign in</body></html>', /is an HTML page.*Download the file again/],
  error: ['{"error":"Repository not found"}', /is JSON \(it begins "\{\\"error\\":.*Download the file again/],
  nothing: ['', /is an empty file/],
  archive: [golden('torch/zip.pt'), /is a zip archive, as torch.save\(\) writes.*the ending .bin/],
  pickle: [golden('torch/legacy.pth'), /is a pickle, as torch.save\(\) writes/],
  tensors: [golden('clip/model.safetensors'), /is a safetensors file.*the ending .safetensors/],
  gzip: [gzipSync('a'), /is a gzip file.*Unpack it/],
  gguf: ['GGUF\x03\0\0\0', /is a GGUF file.*Convert it/],
};

/** Each loader, the name of the file that it is given, and what it takes. */
const LOADERS: [name: string, load: (path: string) => Promise<unknown>, takes: string[]][] = [
  ['a.safetensors', readWeights, ['tensors']],
  ['a.bin', readWeights, ['archive', 'pickle']],
  ['a.ckpt', readWeights, ['archive', 'pickle']],
  ['a.safetensors.index.json', readWeights, ['error']],
  ['config.json', readJson, ['error']],
  ['vocab.txt', (path) => WordPieceTokenizer.load(path), []],
  ['bpe_simple_vocab_16e6.txt.gz', (path) => ClipTokenizer.load(path), ['gzip']],
  ['vocab.json', (path) => loadTokenizer(path), ['error']],
  ['merges.txt', (path) => loadTokenizer(path), []],
  ['tokenizer.json', (path) => loadTokenizer(path), ['error']],
  ['tokenizer_config.json', (path) => loadTokenizer(path), ['error']],
  ['special_tokens_map.json', (path) => loadTokenizer(path), ['error']],
  ['added_tokens.json', (path) => loadTokenizer(path), ['error']],
];

/** The fixture's tokenizer with this file in place of its own. */
async function loadTokenizer(path: string): Promise<unknown> {
  const target = mkdtempSync(join(folder, 'tokenizer-'));
  for (const name of ['vocab.json', 'merges.txt'])
    writeFileSync(join(target, name), readFileSync(join(import.meta.dirname, '../../models/tokenizer', name)));
  writeFileSync(join(target, path.slice(folder.length + 1)), readFileSync(path));
  return ClipTokenizer.load(target);
}

describe.each(LOADERS)('%s that is something else gets one sentence:', (name, load, takes) => {
  it.each(Object.entries(CONTENTS).filter(([kind]) => !takes.includes(kind)))(
    '%s',
    async (_kind, [content, message]) => {
      const path = join(folder, name);
      writeFileSync(path, content);
      const error: unknown = await load(path).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(InputError);
      expect((error as Error).message).toContain(name);
      expect((error as Error).message).toMatch(message);
    },
  );
});

/** A safetensors file whose first bytes give the header this length. */
function headed(length: number): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(length));
  return Buffer.concat([size, Buffer.from('{}'.padEnd(length))]);
}

it.each([0x0280, 0x0580])(
  'weights with a header of %i bytes, which begin as a pickle does, are read',
  async (length) => {
    const path = join(folder, 'weights.safetensors');
    writeFileSync(path, headed(length));
    expect([...(await readWeights(path)).keys()]).toEqual([]);
  },
);

describe('the kind of a file', () => {
  it.each<[string, string | Buffer, ReturnType<typeof fileKind>]>([
    ['a safetensors file without tensors', Buffer.from('\x02\0\0\0\0\0\0\0{}', 'latin1'), 'safetensors'],
    ...[0x0280, 0x0380, 0x0480, 0x0580, 0x10280, 0x8b1f, 0x227b].map((length): [string, Buffer, 'safetensors'] => [
      `a safetensors file with a header of ${length} bytes`,
      headed(length),
      'safetensors',
    ]),
    ['merges', '#version: 0.2\na b\n', undefined],
    ['a vocabulary that begins with a bracket', '[PAD]\n[UNK]\n', undefined],
    ['a list', '[1]', 'json'],
    ['XML', '<?xml version="1.0"?><Error/>', 'xml'],
  ])('%s', (_what, content, kind) => {
    const bytes = Buffer.from(content);
    expect(fileKind(bytes, bytes.length)).toBe(kind);
  });
});
