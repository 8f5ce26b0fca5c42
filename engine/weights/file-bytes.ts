import { closeSync, fstatSync, openSync, readSync, statSync, type BigIntStats } from 'node:fs';
import { InputError } from '../../common/errors.ts';
import { requireFile } from '../../common/files/input-file.ts';
import { HEAD_BYTES, requireKind, type FileKind } from '../../common/files/file-kind.ts';

/** A weight file that stays closed between reads. It must not change while it is in use: that is an InputError. */
export interface FileBytes {
  readonly path: string;
  readonly size: number;
  /** @param what the part that is read, for messages */
  read(position: number, length: number, what: string): Uint8Array<ArrayBuffer>;
}

/** Looks at a file. @throws InputError when it is not there or not a file */
export function fileBytes(path: string): FileBytes {
  const stat = withFile(path, (file) => fstatSync(file, { bigint: true }));
  const stamp = stampOf(stat);
  return {
    path,
    size: Number(stat.size),
    read: (position, length, what) =>
      withFile(path, (file) => {
        if (stampOf(fstatSync(file, { bigint: true })) !== stamp)
          throw new InputError(
            `${path} was changed after it was opened; ${what} cannot be read from it. Load the file again.`,
          );
        return readRange(file, position, length, () => `${path} ended inside ${what}: it is truncated`);
      }),
  };
}

/** Makes sure that a weight file is not something else than its name says. @throws InputError as {@link requireKind} */
export function requireWeightKind(file: FileBytes, expected: string, kinds: readonly FileKind[]): void {
  const head = file.read(0, Math.min(HEAD_BYTES, file.size), 'its first bytes');
  requireKind(file.path, head, file.size, expected, kinds);
}

/** What tells that a file has been replaced or written to. */
const stampOf = ({ dev, ino, size, mtimeNs }: BigIntStats) => [dev, ino, size, mtimeNs].join(' ');

function withFile<T>(path: string, use: (file: number) => T): T {
  let file: number;
  try {
    requireFile(statSync(path)); // to open a pipe would wait for a writer
    file = openSync(path, 'r');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new InputError(`Cannot read the weight file ${path}: ${code === 'ENOENT' ? 'it does not exist' : message}.`);
  }
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

/** What one read call may ask for: Linux stops at 2^31 - 4096. */
const MAX_READ_BYTES = 2 ** 30;

function readRange(file: number, position: number, length: number, truncated: () => string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const read = readSync(file, bytes, done, Math.min(length - done, MAX_READ_BYTES), position + done);
    if (read === 0) throw new InputError(`${truncated()}.`);
    done += read;
  }
  return bytes;
}
