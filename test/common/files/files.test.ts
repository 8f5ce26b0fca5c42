import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fromErrorRecord, toErrorRecord } from '../../../common/error-record.ts';
import { CancelledError, InputError, RetryableError, RunError } from '../../../common/errors.ts';
import { canonicalJson, sha256, sha256File, writeFileAtomic } from '../../../common/files.ts';

const folder = mkdtempSync(join(tmpdir(), 'textcraftor-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('writes a file whole or not at all', async () => {
  const path = join(folder, 'a', 'file.txt');
  await writeFileAtomic(path, 'one');
  await writeFileAtomic(path, 'two');
  expect(readFileSync(path, 'utf8')).toBe('two');
  writeFileSync(join(folder, 'blocked'), '');
  await expect(writeFileAtomic(join(folder, 'blocked', 'file'), 'x')).rejects.toThrow();
  expect(readdirSync(join(folder, 'a'))).toEqual(['file.txt']);
});

it('digests a file as its content', async () => {
  writeFileSync(join(folder, 'content'), 'abc');
  expect(await sha256File(join(folder, 'content'))).toBe(sha256('abc'));
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

it('gives equal values equal JSON, whatever the order of their keys', () => {
  expect(canonicalJson({ b: [1, { d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[1,{"c":2,"d":1}]}');
});

it('carries errors across processes with their class', () => {
  for (const Class of [InputError, RunError, RetryableError, CancelledError]) {
    const back = fromErrorRecord(toErrorRecord(new Class('what is wrong')));
    expect(back).toBeInstanceOf(Class);
    expect(back.message).toBe('what is wrong');
  }
  expect(fromErrorRecord(toErrorRecord(new TypeError('x')))).toBeInstanceOf(RunError);
  expect(fromErrorRecord({ name: 'toString', message: 'x' })).toBeInstanceOf(RunError);
});
