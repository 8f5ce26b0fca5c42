import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { InputError } from '../errors.ts';

/** Where programs are looked for when PATH is not set, as by execvp(3). */
const DEFAULT_PATH = '/bin:/usr/bin';

type Fault = 'missing' | 'folder' | 'not executable' | { interpreter: string };

/**
 * Checks that a program could be started, as `spawn` would start it: by its path if the name has a slash, else by PATH.
 * @param key the setting that names it, for messages
 * @param environment of the process that will start it
 * @throws InputError that says what is wrong with it
 */
export async function requireProgram(key: string, program: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const refuse = (path: string, fault: Fault): InputError => {
    if (fault === 'missing')
      return new InputError(`${key}: the program ${path} does not exist; correct its path, or install it.`);
    if (fault === 'folder') return new InputError(`${key}: ${path} is a folder; expected a program.`);
    if (fault === 'not executable')
      return new InputError(`${key}: ${path} is not executable by this user; allow it with: chmod +x ${path}`);
    return new InputError(
      `${key}: the first line of ${path} names the program ${fault.interpreter}, which does not exist; correct the line, or install that program.`,
    );
  };
  if (program.includes('/')) {
    const fault = await faultOf(program);
    if (fault !== undefined) throw refuse(program, fault);
    return;
  }
  let worst: InputError | undefined;
  for (const folder of (environment['PATH'] ?? DEFAULT_PATH).split(delimiter)) {
    const path = join(folder === '' ? '.' : folder, program);
    const fault = await faultOf(path);
    if (fault === undefined) return;
    // A file of that name which cannot be started does not hide a later one.
    if (fault !== 'missing' && fault !== 'folder') worst ??= refuse(path, fault);
  }
  throw (
    worst ??
    new InputError(`${key}: no program ${program} is on the PATH; correct its name, give its path, or install it.`)
  );
}

async function faultOf(path: string): Promise<Fault | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return 'missing';
  if (found.isDirectory()) return 'folder';
  try {
    await access(path, constants.X_OK);
  } catch {
    return 'not executable';
  }
  const interpreter = await interpreterOf(path);
  return interpreter !== undefined && !(await stat(interpreter).catch(() => undefined)) ? { interpreter } : undefined;
}

/** The absolute path behind `#!`; undefined for other files, and those that cannot be read. */
async function interpreterOf(path: string): Promise<string | undefined> {
  const file = await open(path).catch(() => undefined);
  if (!file) return undefined;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
    return /^#![ \t]*(\/[^\s\0]*)/.exec(buffer.toString('utf8', 0, bytesRead))?.[1];
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}
