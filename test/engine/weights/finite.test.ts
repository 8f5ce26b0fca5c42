import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../common/errors.ts';
import { firstNotFinite } from '../../../engine/weights/finite.ts';
import { readWeights } from '../../../engine/weights/weights.ts';

const folder = mkdtempSync(join(tmpdir(), 'finite-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('finds the first value that is not finite, at every place', () => {
  fc.assert(
    fc.property(fc.array(fc.float()), fc.nat(3), (numbers, start) => {
      const values = Float32Array.from([...Array<number>(start).fill(0), ...numbers]).subarray(start);
      expect(firstNotFinite(values)).toBe(values.findIndex((value) => !Number.isFinite(value)));
    }),
  );
});

/** Three values in each type, of which the second is not finite. */
const CASES: [dtype: string, value: string, bytes: Uint8Array][] = [
  ['F32', 'NaN', new Uint8Array(Float32Array.of(1, NaN, 2).buffer)],
  ['F32', '-Infinity', new Uint8Array(Float32Array.of(1, -Infinity, 2).buffer)],
  ['F64', 'NaN', new Uint8Array(Float64Array.of(1, NaN, 2).buffer)],
  ['F64', 'Infinity', new Uint8Array(Float64Array.of(1, 1e300, 2).buffer)],
  ['F16', 'NaN', new Uint8Array(Uint16Array.of(0x3c00, 0x7e00, 0x3c00).buffer)],
  ['F16', 'Infinity', new Uint8Array(Uint16Array.of(0x3c00, 0x7c00, 0x3c00).buffer)],
  ['BF16', 'NaN', new Uint8Array(Uint16Array.of(0x3f80, 0x7fc0, 0x3f80).buffer)],
  ['BF16', '-Infinity', new Uint8Array(Uint16Array.of(0x3f80, 0xff80, 0x3f80).buffer)],
];

describe('a weight that is not finite is refused by the name of its tensor', () => {
  it.each(CASES)('%s: %s', async (dtype, value, bytes) => {
    const header = Buffer.from(JSON.stringify({ 'a.weight': { dtype, shape: [3], data_offsets: [0, bytes.length] } }));
    const padded = Buffer.concat([header, Buffer.alloc((8 - (header.length % 8)) % 8, ' ')]);
    const length = Buffer.from(BigUint64Array.of(BigInt(padded.length)).buffer);
    const path = join(folder, `${dtype}.safetensors`);
    writeFileSync(path, Buffer.concat([length, padded, bytes]));
    const weight = (await readWeights(path)).get('a.weight')!;
    expect(() => weight.data).toThrow(InputError);
    expect(() => weight.data).toThrow(`Tensor a.weight in ${path} has the value ${value} at place 1 of 3`);
  });
});
