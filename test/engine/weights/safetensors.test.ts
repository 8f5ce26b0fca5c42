import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError, RunError } from '../../../common/errors.ts';
import { decodeFloat16, encodeFloat16 } from '../../../engine/weights/float16.ts';
import { readSafetensors, writeSafetensors } from '../../../engine/weights/safetensors.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'safetensors-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A file with this header, valid or not, and `dataBytes` zeros. */
async function fileOf(header: unknown, dataBytes = 0, length?: bigint): Promise<string> {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(json.length));
  const path = join(folder, 'hostile.safetensors');
  await writeFile(path, Buffer.concat([prefix, json, Buffer.alloc(dataBytes)]));
  return path;
}

describe('writing and reading', () => {
  const path = () => join(folder, 'a.safetensors');

  it('returns names, shapes, values and metadata', async () => {
    await writeSafetensors(
      path(),
      {
        b: { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, -2, 3.25, 1e-30) },
        a: { dtype: 'F16', shape: [3], data: Float32Array.of(0.5, -65504, 2 ** -24) },
        scalar: { dtype: 'F32', shape: [], data: Float32Array.of(7) },
        empty: { dtype: 'F32', shape: [0, 4], data: new Float32Array() },
      },
      { format: 'pt' },
    );
    const file = await readSafetensors(path());
    expect(file.names).toEqual(['a', 'b', 'empty', 'scalar']);
    expect(file.metadata).toEqual({ format: 'pt' });
    expect(file.info('a')).toEqual({ dtype: 'F16', shape: [3] });
    expect([...file.float32('a')]).toEqual([0.5, -65504, 2 ** -24]);
    expect([...file.float32('b')]).toEqual([...Float32Array.of(1, -2, 3.25, 1e-30)]);
    expect([...file.float32('scalar')]).toEqual([7]);
    expect(file.float32('empty')).toHaveLength(0);
  });

  it('gives the same bytes whatever the order of the tensors', async () => {
    const x = { dtype: 'F32', shape: [1], data: Float32Array.of(1) } as const;
    const y = { dtype: 'F16', shape: [3], data: Float32Array.of(1, 2, 3) } as const;
    await writeSafetensors(path(), { x, y }, { b: '1', a: '2' });
    const first = await readFile(path());
    await writeSafetensors(path(), { y, x }, { a: '2', b: '1' });
    expect(await readFile(path())).toEqual(first);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('reads bfloat16, float64 and the bytes of integers', async () => {
    const path = await fileOf({
      bf: { dtype: 'BF16', shape: [1], data_offsets: [0, 2] },
      f: { dtype: 'F64', shape: [1], data_offsets: [2, 10] },
      i: { dtype: 'I64', shape: [1], data_offsets: [10, 18] },
    });
    const data = Buffer.alloc(18);
    data.writeUInt16LE(0xbfc0, 0);
    data.writeDoubleLE(0.25, 2);
    data.writeBigInt64LE(-5n, 10);
    await writeFile(path, data, { flag: 'a' });
    const file = await readSafetensors(path);
    expect([...file.float32('bf')]).toEqual([-1.5]);
    expect([...file.float32('f')]).toEqual([0.25]);
    expect(new BigInt64Array(file.data('i').buffer as ArrayBuffer)[0]).toBe(-5n);
    expect(() => file.float32('i')).toThrow(/Tensor i .* dtype I64; expected F32/);
    expect(() => file.float32('nothing')).toThrow(InputError);
  });

  it('refuses values that float16 cannot hold, and leaves no file', async () => {
    const path = join(folder, 'overflow.safetensors');
    const write = writeSafetensors(path, { w: { dtype: 'F16', shape: [1], data: Float32Array.of(70000) } });
    await expect(write).rejects.toThrow(RunError);
    expect((await readdir(folder)).filter((name) => name.startsWith('overflow'))).toEqual([]);
  });
});

describe('float16', () => {
  it('encodes the decoded value of every finite pattern back to it', () => {
    const bits = Uint16Array.from({ length: 0x10000 }, (_, i) => i).filter((i) => (i & 0x7c00) !== 0x7c00);
    const encoded = encodeFloat16(decodeFloat16(bits));
    expect(bits.filter((pattern, i) => encoded[i] !== pattern)).toHaveLength(0);
  });

  it('rounds to the nearest value, ties to even', () => {
    const encode = (x: number) => decodeFloat16(encodeFloat16(Float32Array.of(x)))[0];
    expect(encode(1 + 2 ** -11)).toBe(1);
    expect(encode(1 + 3 * 2 ** -11)).toBe(1 + 2 ** -9);
    expect(encode(1 + 2 ** -11 + 2 ** -20)).toBe(1 + 2 ** -10);
    expect(encode(2 ** -25)).toBe(0);
    expect(encode(1.5 * 2 ** -25)).toBe(2 ** -24);
    expect(encode(-65519)).toBe(-65504);
    expect(encode(65520)).toBe(Infinity);
    expect(encode(NaN)).toBeNaN();
  });
});

describe('a hostile or broken file is an InputError that says what is wrong', () => {
  const tensor = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
    dtype: 'F32',
    shape,
    data_offsets: [begin, end],
  });
  const cases: [name: string, header: unknown, dataBytes: number, message: RegExp, length?: bigint][] = [
    ['header length of 2^63', {}, 0, /declares a header of 9223372036854775808 bytes, but only/, 2n ** 63n],
    ['header longer than the file', '{}', 0, /declares a header of 3 bytes, but only 2 follow/, 3n],
    ['header that is not JSON', '{"a":', 0, /header is not JSON/],
    ['header that is a list', [], 0, /not a JSON object/],
    [
      'data cut short',
      { w: tensor(0, 8) },
      7,
      /Tensor w in .* lies at bytes 0 to 8 of 7 bytes of data: the file is truncated/,
    ],
    ['overlap', { a: tensor(0, 8), b: tensor(4, 12) }, 12, /Tensors a and b in .* overlap at byte 4/],
    ['the same bytes twice', { a: tensor(0, 8), b: tensor(0, 8) }, 8, /overlap at byte 0/],
    ['gap', { a: tensor(0, 4), b: tensor(8, 12) }, 12, /4 bytes outside any tensor, before tensor b/],
    ['trailing bytes', { a: tensor(0, 4) }, 9, /5 bytes after its last tensor/],
    [
      'shape and range disagree',
      { a: tensor(0, 8, [3]) },
      8,
      /Tensor a in .* has 8 bytes, but dtype F32 and shape \[3\] need 12/,
    ],
    ['shape that overflows', { a: tensor(0, 8, [2 ** 52, 2 ** 52]) }, 8, /Tensor a .* has 8 bytes/],
    ['negative size', { a: tensor(0, 8, [-1, -2]) }, 8, /Tensor a .* non-negative integers/],
    ['fractional size', { a: tensor(0, 8, [2.5]) }, 8, /Tensor a .* non-negative integers/],
    ['negative offset', { a: tensor(-4, 0) }, 0, /Tensor a .* data_offsets \[-4, 0\]/],
    ['reversed offsets', { a: tensor(8, 4, [1]) }, 8, /Tensor a .* bytes 8 to 4/],
    ['unknown dtype', { a: { dtype: 'Q7', shape: [1], data_offsets: [0, 4] } }, 4, /Tensor a .* unknown dtype "Q7"/],
    ['dtype named as a built-in', { a: { dtype: 'toString', shape: [1], data_offsets: [0, 4] } }, 4, /unknown dtype/],
    ['tensor without description', { a: null }, 0, /Tensor a .* no description/],
    ['metadata of numbers', { __metadata__: { a: 1 } }, 0, /__metadata__/],
    [
      'tensor named __proto__',
      '{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}',
      8,
      /Tensor __proto__ .* has 8 bytes/,
    ],
  ];
  it.each(cases)('%s', async (_name, header, dataBytes, message, length) => {
    const error: unknown = await readSafetensors(await fileOf(header, dataBytes, length)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain('hostile.safetensors');
  });

  it('missing file, folder, short file, invalid UTF-8', async () => {
    await expect(readSafetensors(join(folder, 'none'))).rejects.toThrow(/does not exist/);
    await expect(readSafetensors(folder)).rejects.toThrow(/not a file/);
    await writeFile(join(folder, 'short'), 'abc');
    await expect(readSafetensors(join(folder, 'short'))).rejects.toThrow(/3 bytes/);
    await writeFile(
      join(folder, 'utf8'),
      Buffer.concat([Buffer.from([4, 0, 0, 0, 0, 0, 0, 0]), Buffer.from([0x7b, 0xff, 0xfe, 0x7d])]),
    );
    await expect(readSafetensors(join(folder, 'utf8'))).rejects.toThrow(/not JSON in UTF-8/);
  });

  it('any bytes at all', async () => {
    const path = join(folder, 'fuzz.safetensors');
    await writeSafetensors(path, { w: { dtype: 'F32', shape: [4], data: Float32Array.of(1, 2, 3, 4) } });
    const valid = await readFile(path);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.nat(valid.length),
        async (edits, cut) => {
          const bytes = Buffer.from(valid.subarray(0, cut));
          for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
          await writeFile(path, bytes);
          try {
            const file = await readSafetensors(path);
            for (const name of file.names) file.data(name);
          } catch (error) {
            expect(error).toBeInstanceOf(InputError);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
