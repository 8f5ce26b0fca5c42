import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskWatch } from '../../api/runs/disk-watch.ts';
import { databaseDamage, setDatabaseAside } from '../../temporal/server/database-file.ts';
import { isSealed, sealCode } from '../../temporal/sealed-code.ts';
import { toErrorRecord } from '../../common/error-record.ts';
import { RetryableError } from '../../common/errors.ts';
import { onNotice } from '../../common/notices.ts';

let folder: string;
let path: string;
const said: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'textcraftor-test-'));
  path = join(folder, 'temporal.db');
  said.length = 0;
  onNotice((line) => said.push(line));
});
afterEach(() => {
  onNotice(undefined);
  return rm(folder, { recursive: true });
});

/** Two pages of 4096 bytes with SQLite's header. */
function database(): Buffer {
  const bytes = Buffer.alloc(8192);
  bytes.write('SQLite format 3\0');
  bytes.writeUInt16BE(4096, 16);
  for (const at of [24, 92]) bytes.writeUInt32BE(7, at);
  bytes.writeUInt32BE(2, 28);
  return bytes;
}

describe('a database', () => {
  it.each([
    ['whole', database(), undefined],
    ['empty', Buffer.alloc(0), 'is empty'],
    ['cut within a page', database().subarray(0, 5000), 'is cut short'],
    ['cut between pages', database().subarray(0, 4096), 'is cut short'],
    ['something else', Buffer.alloc(8192, 'x'), 'is not a database'],
    ['of no page size', database().fill(0x55, 16, 18), 'has a damaged header'],
  ])('that is %s', async (_, bytes, damage) => {
    await writeFile(path, bytes);
    expect(await databaseDamage(path)).toBe(damage);
  });

  it('that is missing, or a folder, or has a folder beside it', async () => {
    expect(await databaseDamage(path)).toBeUndefined();
    await mkdir(path);
    expect(await databaseDamage(path)).toBe('is a folder');
    await rm(path, { recursive: true });
    await writeFile(path, database());
    await mkdir(`${path}-wal`);
    expect(await databaseDamage(path)).toBe('has a folder -wal beside it');
  });

  it('is set aside with the files beside it, with a message', async () => {
    await writeFile(path, 'x');
    await writeFile(`${path}-wal`, 'y');
    await setDatabaseAside(path, 'is not a database');
    expect((await readdir(folder)).sort()).toEqual(['temporal.db.damaged-1', 'temporal.db.damaged-1-wal']);
    expect(said).toEqual([`${path} is not a database: it was set aside as ${path}.damaged-1 and is created again.`]);
    await writeFile(path, 'z');
    await setDatabaseAside(path, 'is not a database');
    expect(await readFile(`${path}.damaged-2`, 'utf8')).toBe('z');
  });
});

it('bundled code is verified by its digest', async () => {
  const code = sealCode('run();\n//# sourceMappingURL=x');
  expect(isSealed(code)).toBe(true);
  for (const other of ['', code.slice(0, -1), code.replace('run', 'ran'), 'run();'])
    expect(isSealed(other)).toBe(false);
  await writeFile(path, code);
  await truncate(path, 80);
  expect(isSealed(await readFile(path, 'utf8'))).toBe(false);
});

describe('a full disk', () => {
  it('is recognized by code or message, and is an error that may pass', () => {
    const told = [
      Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }),
      Object.assign(new Error('write'), { code: 'EDQUOT' }),
      new Error('IO Error: Could not write file: No space left on device'),
    ];
    for (const error of told) expect(toErrorRecord(error)).toMatchObject({ name: 'RetryableError' });
    expect(toErrorRecord(told[0]).message).toBe(
      'The disk is full: ENOSPC: no space left on device, write; make room on it.',
    );
    expect(toErrorRecord(new Error('no room in the batch'))).toEqual({
      name: 'Error',
      message: 'no room in the batch',
    });
  });

  it('ends a run when it stays full, and not before', async () => {
    const notes: string[] = [];
    const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
    const patient = new DiskWatch('/home', 'continue', (line) => notes.push(line), { patience: 1e9 });
    for (const error of [full, full]) await patient.wrote(error);
    patient.check();
    expect(notes).toEqual(['The disk of /home is full; the run waits 1000000 s for free space.']);
    const hasty = new DiskWatch('/home', 'continue with: x', () => {}, { patience: 0 });
    hasty.check();
    await hasty.wrote(full);
    expect(() => hasty.check()).toThrow(RetryableError);
    expect(() => hasty.check()).toThrow('full for 0 s: free some space; then continue with: x');
    await hasty.wrote(undefined);
    hasty.check();
  });

  it('is full when a small write finds room, and the server would not', async () => {
    let free = 4096;
    const watch = new DiskWatch('/home', 'continue with: x', () => {}, {
      patience: 0,
      freeBytes: () => Promise.resolve(free),
    });
    await watch.wrote(undefined);
    expect(() => watch.check()).toThrow('full for 0 s');
    free = 2 ** 22;
    await watch.wrote(undefined);
    watch.check();
  });
});
