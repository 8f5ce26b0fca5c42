import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemError } from '../../common/system-error.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

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
      message: `${join(file, 'below')} cannot be made: a part of its path is a file, not a folder.`,
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
      /^\/home cannot be made: its file system is read-only; TEXTCRAFTOR_HOME/,
    ],
    [Object.assign(new Error('x'), { code: 'EMFILE', path: '/home', syscall: 'open' }), /ulimit -n 4096/],
    [new RangeError('WebAssembly.Memory(): could not allocate memory'), /^There is not enough memory/],
    [new RangeError('Array buffer allocation failed'), /^There is not enough memory/],
    [new Error('spawn ENOMEM'), /^There is not enough memory/],
  ])('of the machine: %s', (error, message) => {
    expect(systemError(error)).toMatchObject({
      name: 'RunError',
      exitCode: 1,
      message: expect.stringMatching(message) as string,
    });
  });

  it('is none for what was not foreseen', () => {
    expect(systemError(new TypeError('x is not a function'))).toBeUndefined();
    expect(systemError('text')).toBeUndefined();
  });
});
