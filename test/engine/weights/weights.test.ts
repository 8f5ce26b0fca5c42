import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../common/errors.ts';
import { writeSafetensors } from '../../../engine/weights/safetensors.ts';
import { lazyWeight, readWeights, writeWeights } from '../../../engine/weights/weights.ts';

const folder = mkdtempSync(join(tmpdir(), 'weights-'));
afterAll(() => rmSync(folder, { recursive: true }));
const values = (...numbers: number[]) => Float32Array.from(numbers);

describe('weights in a file', () => {
  const path = join(folder, 'a.safetensors');
  const write = (x: number) => writeSafetensors(path, { w: { dtype: 'F16', shape: [2], data: values(x, 2) } });

  it('are read on each access', async () => {
    await write(1);
    const weight = (await readWeights(path)).get('w')!;
    weight.data[0] = 7;
    expect(weight).toEqual({ shape: [2], data: values(1, 2) });
  });

  it('are refused when the file was replaced, cut or removed meanwhile', async () => {
    await write(1);
    const weight = (await readWeights(path)).get('w')!;
    await write(3);
    expect(() => weight.data).toThrow(/a.safetensors was changed after it was opened; tensor w cannot be read from it/);
    writeFileSync(path, '');
    expect(() => weight.data).toThrow(InputError);
    rmSync(path);
    expect(() => weight.data).toThrow(/it does not exist/);
  });

  it('go from file to file one at a time', async () => {
    let held = 0;
    const reads: string[] = [];
    const weight = (name: string) =>
      lazyWeight([2], () => {
        reads.push(name);
        held += 1;
        return values(held, 2);
      });
    const target = join(folder, 'b.safetensors');
    await writeWeights(target, new Map(['z', 'b', 'a'].map((name) => [name, weight(name)])));
    expect(reads).toEqual(['a', 'b', 'z']);
    expect((await readWeights(target)).get('z')!.data).toEqual(values(3, 2));
  });

  it('leave no file when one of them does not have the size of its shape', async () => {
    const wrong = new Map([['w', { shape: [3], data: values(1) }]]);
    await expect(writeWeights(join(folder, 'c.safetensors'), wrong)).rejects.toThrow(
      'Tensor w: shape [3] does not hold 1 values.',
    );
    await expect(readWeights(join(folder, 'c.safetensors'))).rejects.toThrow(/it does not exist/);
  });
});
