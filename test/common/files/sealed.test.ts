import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DamagedError, readSealed, seal, unseal, writeSealed } from '../../../common/files/sealed.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

const record = { name: 'tune', steps: 24, nested: { rate: 1e-5, list: [1, null, 'é'] }, digest: 'its own' };

describe('a sealed record', () => {
  it('comes back as it was, whatever it holds', () => {
    const objects = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(objects, (object) => {
        const plain = JSON.parse(JSON.stringify(object)) as object;
        expect(unseal(seal(object), 'r.json')).toEqual(plain);
        expect(unseal(seal(object, 2), 'r.json')).toEqual(plain);
      }),
    );
  });

  it('is refused by name when any bit that matters is changed', () => {
    const text = Buffer.from(seal(record));
    for (let at = 0; at < text.length; at++)
      for (let bit = 0; bit < 8; bit++) {
        const changed = Buffer.from(text);
        changed[at]! ^= 1 << bit;
        let found: unknown;
        try {
          found = unseal(changed.toString('utf8'), 'r.json');
        } catch (error) {
          expect(error).toBeInstanceOf(DamagedError);
          expect((error as Error).message).toMatch(/^The record r\.json .*; it is not used\.$/);
          continue;
        }
        expect(found).toEqual(record); // such as a 1e-5 that became 1E-5
      }
  });

  it('is refused when it is cut short, empty, not a record, or a folder', async () => {
    const path = join(await temporaryFolder(), 'r.json');
    await writeSealed(path, record);
    await truncate(path, 40);
    await expect(readSealed(path)).rejects.toThrow(`The record ${path} is cut short or overwritten; it is not used.`);
    await truncate(path, 0);
    await expect(readSealed(path, 'begin again')).rejects.toThrow(`The record ${path} is empty; begin again.`);
    for (const text of ['[1]', 'null', '3', '{"name":"tune"}']) {
      await writeFile(path, text);
      await expect(readSealed(path)).rejects.toThrow(DamagedError);
    }
    await rm(path);
    await expect(readSealed(path)).rejects.toMatchObject({ code: 'ENOENT' });
    await mkdir(path);
    await expect(readSealed(path)).rejects.toThrow('is a folder; it is not used.');
  });

  it('is written in place of a folder, which is set aside', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'r.json');
    await mkdir(path);
    await writeFile(join(path, 'kept'), 'content');
    await writeSealed(path, record);
    expect(await readSealed(path)).toEqual(record);
    expect((await readdir(folder)).sort()).toEqual(['r.json', 'r.json.damaged-1']);
    expect(await readFile(join(folder, 'r.json.damaged-1', 'kept'), 'utf8')).toBe('content');
  });
});
