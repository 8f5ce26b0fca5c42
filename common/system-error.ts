import { InputError, RunError, TextcraftorError } from './errors.ts';

/** Codes of the operating system, in words. Those of the second list are the machine's, not the input's. */
const ofInput: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EEXIST: 'there is something else of that name',
  EISDIR: 'it is a folder',
  ELOOP: 'its links lead back to themselves',
  ENAMETOOLONG: 'its name is too long',
  EINVAL: 'the file system does not take it',
};
const ofMachine: Readonly<Record<string, string>> = {
  EACCES: 'permission is denied',
  EPERM: 'the system does not permit it',
  EROFS: 'its file system is read-only; TEXTCRAFTOR_HOME can name a folder elsewhere',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EIO: 'the disk fails',
  EBUSY: 'it is in use',
};

/** What a system call was to do. */
const deeds: Readonly<Record<string, string>> = {
  mkdir: 'made',
  open: 'opened',
  read: 'read',
  write: 'written',
  rename: 'renamed',
  scandir: 'listed',
  stat: 'looked at',
  lstat: 'looked at',
  unlink: 'deleted',
  rmdir: 'deleted',
  symlink: 'linked',
};

const outOfMemory = /out of memory|could not allocate memory|allocation failed|cannot allocate memory|ENOMEM/i;

/** An error of the operating system or of memory as a sentence; undefined for one that was not foreseen. */
export function systemError(error: unknown): TextcraftorError | undefined {
  if (error instanceof TextcraftorError) return error;
  if (!(error instanceof Error)) return undefined;
  const { code = '', path, syscall = '' } = error as NodeJS.ErrnoException;
  if (code === 'EMFILE' || code === 'ENFILE' || /EMFILE|too many open files/i.test(error.message))
    return new RunError('Too many files are open for this machine; allow more, such as with: ulimit -n 4096');
  if (code === 'ENOMEM' || code === 'ERR_WORKER_OUT_OF_MEMORY' || outOfMemory.test(error.message))
    return new RunError(
      'There is not enough memory: free some, or raise the limit (ulimit -v unlimited); WebAssembly and TensorFlow reserve much more than they use.',
    );
  if (path === undefined) return undefined;
  if (code === 'ENOENT' && syscall === 'mkdir')
    return new InputError(`${path} cannot be made: its file system takes no new folders.`);
  const deed = `${path} cannot be ${deeds[syscall] ?? 'used'}`;
  if (Object.hasOwn(ofInput, code)) return new InputError(`${deed}: ${ofInput[code]}.`);
  return Object.hasOwn(ofMachine, code) ? new RunError(`${deed}: ${ofMachine[code]}.`) : undefined;
}
