import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../../../common/errors.ts';
import { readWeights, writeWeights } from '../../../engine/weights/weights.ts';

const folder = mkdtempSync(join(tmpdir(), 'shards-'));
afterAll(() => rmSync(folder, { recursive: true }));
const index = join(folder, 'model.safetensors.index.json');
const [first, second] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
const weights = (...names: string[]) =>
  new Map(names.map((name, i) => [name, { shape: [1], data: Float32Array.of(i) }]));
const writeIndex = (weightMap: unknown) => writeFileSync(index, JSON.stringify({ weight_map: weightMap }));

beforeEach(async () => {
  rmSync(folder, { recursive: true });
  await writeWeights(join(folder, first), weights('a', 'b'));
  await writeWeights(join(folder, second), weights('c'));
  writeIndex({ a: first, b: first, c: second, 'text_model.embeddings.position_ids': first });
});

it('weights in several files are read as one', async () => {
  expect(await readWeights(index)).toEqual(new Map([...weights('a', 'b'), ...weights('c')]));
});

describe('an index that does not agree with its files', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['a file that is missing', () => rmSync(join(folder, second)), /00002-of-00002.safetensors: it does not exist/],
    [
      'a tensor that is missing',
      () => writeIndex({ a: first, b: first, c: second, d: second }),
      /tensor d should be in model-00002/,
    ],
    [
      'a tensor in another file',
      () => writeIndex({ a: first, b: second, c: second }),
      /tensor b is in model-00001.*, but should be in model-00002/,
    ],
    [
      'a tensor in two files',
      () => writeWeights(join(folder, second), weights('c', 'a')),
      /tensor a is in model-00002.*, but should be in model-00001/,
    ],
    [
      'a tensor that it does not name',
      () => writeIndex({ a: first, c: second }),
      /tensor b is in model-00001.*, but not in the index/,
    ],
    [
      'a path out of the folder',
      () => writeIndex({ a: '../../etc/passwd.bin' }),
      /"..\/..\/etc\/passwd.bin" is not the name of a weight file/,
    ],
    [
      'an index in its own place',
      () => writeIndex({ a: 'model.safetensors.index.json' }),
      /is not the name of a weight file/,
    ],
    ['no map', () => writeIndex([1]), /weight_map is missing or does not map tensors to files/],
    ['no JSON', () => writeFileSync(index, '{'), /index.json is not JSON/],
  ])('%s', async (_name, damage, message) => {
    await damage();
    const error: unknown = await readWeights(index).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
  });
});
