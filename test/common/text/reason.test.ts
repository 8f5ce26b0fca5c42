import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toErrorRecord } from '../../../common/error-record.ts';
import { readJsonFile } from '../../../common/files/foreign-files.ts';
import { reasonOf } from '../../../common/text/reason.ts';
import { loadPipeline } from '../../../pipeline/load.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

describe('a reason from other software', () => {
  it('is one bounded line', () => {
    expect(reasonOf(new Error(' Build failed:\n\n  a.ts:1: no\r\n  b.ts:2: no \n'))).toBe(
      'Build failed: a.ts:1: no b.ts:2: no',
    );
    expect(reasonOf('a\u2028b\u0085c\vd')).toBe('a b c d');
    expect(reasonOf('a'.repeat(5000))).toHaveLength(300);
    expect(toErrorRecord(new RangeError('first\nsecond'))).toEqual({ name: 'RangeError', message: 'first second' });
  });

  it('leaves sentences about files whole', async () => {
    const folder = await temporaryFolder();
    const [json, module] = [join(folder, 'a.json'), join(folder, 'a.ts')];
    await writeFile(json, '{\n  "a": 1,\n  b\n}\n');
    await writeFile(module, 'export const pipeline = ;\n');
    for (const act of [readJsonFile(json), loadPipeline(module)]) {
      const error = await act.catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'InputError', message: expect.stringMatching(/^[^\n]+$/) as string });
    }
  });
});
