import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toErrorRecord } from '../../common/error-record.ts';
import { systemError } from '../../common/system-error.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

/** An error as Node throws it for an open file: without its path. */
const coded = (code: string, syscall: string) => Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });

const of = async (promise: Promise<unknown>) =>
  systemError(
    await promise.then(
      () => undefined,
      (error: unknown) => error,
    ),
  );

describe('an error of the operating system', () => {
  it('names the path, and what to do', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'file');
    await writeFile(file, '');
    expect(await of(mkdir(join(file, 'below')))).toMatchObject({
      name: 'InputError',
      message: `${join(file, 'below')} cannot be created: a part of its path is a file, not a folder.`,
    });
    expect(await of(readFile(join(folder, 'none')))).toMatchObject({
      exitCode: 2,
      message: `${join(folder, 'none')} cannot be opened: it does not exist.`,
    });
    expect(await of(readdir(file))).toMatchObject({
      message: `${file} cannot be listed: a part of its path is a file, not a folder.`,
    });
    expect(await of(open('/proc/textcraftor', 'w'))).toMatchObject({
      message: '/proc/textcraftor cannot be opened: it does not exist.',
    });
  });

  it.each([
    [
      Object.assign(new Error('x'), { code: 'EROFS', path: '/home', syscall: 'mkdir' }),
      /^\/home cannot be created: its file system is read-only; TEXTCRAFTOR_HOME/,
    ],
    [Object.assign(new Error('x'), { code: 'EMFILE', path: '/home', syscall: 'open' }), /ulimit -n 4096/],
    [new RangeError('WebAssembly.Memory(): could not allocate memory'), /^There is not enough memory/],
    [new RangeError('Array buffer allocation failed'), /^There is not enough memory/],
    [new Error('spawn ENOMEM'), /^There is not enough memory/],
    [new Error('OOM when allocating tensor with shape[1,2]'), /^There is not enough memory/],
    [new Error('std::bad_alloc'), /^There is not enough memory/],
    [new Error('Failed to allocate memory for requested buffer of size 9'), /^There is not enough memory/],
    [coded('ENOMEM', 'read'), /^There is not enough memory/],
    [coded('EMFILE', 'open'), /ulimit -n 4096/],
    [coded('EROFS', 'write'), /^A file cannot be written: its file system is read-only.* \(EROFS: write\)\.$/],
    [coded('EIO', 'read'), /^A file cannot be read or written: the disk fails \(EIO: read\)\.$/],
    [new Error('IO Error: Cannot open file "x": Read-only file system'), /read-only; TEXTCRAFTOR_HOME/],
    [new Error('DATA_LOSS: x; Input/output error'), /the disk fails/],
    [new Error('outer', { cause: new Error('middle', { cause: coded('EIO', 'read') }) }), /the disk fails/],
  ])('of the machine: %s', (error, message) => {
    expect(systemError(error)).toMatchObject({
      name: 'RunError',
      exitCode: 1,
      message: expect.stringMatching(message) as string,
    });
  });

  it.each([
    Object.assign(coded('ENOSPC', 'open'), { path: '/home/x' }),
    coded('ENOSPC', 'write'),
    coded('EDQUOT', 'write'),
    new Error('IO Error: Could not write file "x": No space left on device'),
    new Error('RESOURCE_EXHAUSTED: x; No space left on device'),
    new Error('a stage', { cause: coded('ENOSPC', 'write') }),
    new AggregateError([new Error('other'), coded('ENOSPC', 'write')], 'several'),
  ])('that the disk is full may pass: %s', (error) => {
    expect(systemError(error)).toMatchObject({
      name: 'RetryableError',
      exitCode: 1,
      message: expect.stringMatching(/^The disk is full: .*; make room on it\.$/) as string,
    });
    expect(toErrorRecord(error)).toMatchObject({ name: 'RetryableError' });
  });

  it('is one bounded line, whatever native code reports', () => {
    const { message } = systemError(new Error(`No space left on device \x1b[2J${'x'.repeat(1e6)}\nmore`))!;
    expect(message.length).toBeLessThan(400);
    expect(message).not.toMatch(/[\0-\x1f]/);
  });

  it('is not made from an unforeseen error', () => {
    expect(systemError(new TypeError('x is not a function'))).toBeUndefined();
    expect(systemError('text')).toBeUndefined();
  });
});
