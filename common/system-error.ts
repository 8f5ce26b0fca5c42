import { InputError, RetryableError, RunError, TextcraftorError } from './errors.ts';
import { isDiskFull } from './files/full-disk.ts';
import { cut } from './text/short.ts';
import { visibleLine } from './text/visible.ts';

/** Error codes of the operating system in words. The second list is about the machine, not the input. */
const ofInput: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EEXIST: 'something else has that name',
  EISDIR: 'it is a folder',
  ELOOP: 'its links lead back to themselves',
  ENAMETOOLONG: 'its name is too long',
  EINVAL: 'the file system does not accept it',
};
const readOnly = 'its file system is read-only; TEXTCRAFTOR_HOME can name a folder elsewhere';
const ofMachine: Readonly<Record<string, string>> = {
  EACCES: 'permission is denied',
  EPERM: 'the system does not permit it',
  EROFS: readOnly,
  EIO: 'the disk fails',
  EBUSY: 'it is in use',
};

/** Participles of system calls, to complete "cannot be ...". */
const deeds: Readonly<Record<string, string>> = {
  mkdir: 'created',
  open: 'opened',
  read: 'read',
  write: 'written',
  fsync: 'written',
  fdatasync: 'written',
  ftruncate: 'written',
  copyfile: 'copied',
  rename: 'renamed',
  scandir: 'listed',
  stat: 'looked at',
  lstat: 'looked at',
  unlink: 'deleted',
  rmdir: 'deleted',
  symlink: 'linked',
  link: 'linked',
};

const tooManyFiles = /EMFILE|ENFILE|too many open files/i;
/** As Node, DuckDB, TensorFlow, onnxruntime and C++ report it. */
const outOfMemory =
  /out of memory|could not allocate memory|failed to allocate memory|allocation failed|cannot allocate memory|OOM when allocating|\bbad[ _]alloc|ENOMEM/i;
/** Messages of native code that carry neither a code nor a path. */
const inWords: readonly (readonly [said: RegExp, sentence: string])[] = [
  [/\bEROFS\b|read-only file system/i, `A file cannot be written: ${readOnly}`],
  [/\bEIO\b|input\/output error/i, 'A file cannot be read or written: the disk fails'],
];

/**
 * Describes an error of the operating system or of memory, also as the cause of another; undefined for any other error.
 */
export function systemError(error: unknown): TextcraftorError | undefined {
  for (const each of withCauses(error)) {
    const known = inSentence(each);
    if (known) return known;
  }
  return undefined;
}

/** The error, its causes and the errors that it aggregates, outermost first. */
function withCauses(error: unknown): readonly Error[] {
  const found = new Set<Error>();
  const add = (each: unknown): void => {
    if (!(each instanceof Error) || found.has(each)) return;
    found.add(each);
    add(each.cause);
    if (each instanceof AggregateError) each.errors.forEach(add);
  };
  add(error);
  return [...found];
}

function inSentence(error: Error): TextcraftorError | undefined {
  if (error instanceof TextcraftorError) return error;
  const { code = '', path, syscall = '', message } = error as NodeJS.ErrnoException;
  if (code === 'EMFILE' || code === 'ENFILE' || tooManyFiles.test(message))
    return new RunError('Too many files are open for this machine; allow more, for example with: ulimit -n 4096');
  if (code === 'ENOMEM' || code === 'ERR_WORKER_OUT_OF_MEMORY' || outOfMemory.test(message))
    return new RunError(
      'There is not enough memory: free some, or raise the limit (ulimit -v unlimited); WebAssembly and TensorFlow reserve much more than they use.',
    );
  const said = cut(visibleLine(message.split('\n')[0]!), 300);
  if (isDiskFull(error)) return new RetryableError(`The disk is full: ${said}; make room on it.`);
  if (path === undefined) {
    const sentence = inWords.find(([words]) => words.test(`${code} ${message}`))?.[1];
    return sentence === undefined ? undefined : new RunError(`${sentence} (${said}).`);
  }
  if (code === 'ENOENT' && syscall === 'mkdir')
    return new InputError(`${path} cannot be created: its file system does not accept new folders.`);
  const deed = `${path} cannot be ${deeds[syscall] ?? 'used'}`;
  if (Object.hasOwn(ofInput, code)) return new InputError(`${deed}: ${ofInput[code]}.`);
  return Object.hasOwn(ofMachine, code) ? new RunError(`${deed}: ${ofMachine[code]}.`) : undefined;
}
