import { stat } from 'node:fs/promises';
import { InputError } from '../../common/errors.ts';

/**
 * Checks that only this user or root can have written `path`, since the commands and modules it names are about to run.
 * @throws InputError
 */
export async function checkOwn(path: string): Promise<void> {
  const user = process.getuid?.();
  if (user === undefined) return;
  const { uid, mode } = await stat(path);
  if (uid !== user && uid !== 0)
    throw new InputError(`${path} belongs to another user (${uid}); user ${user} does not run what it names.`);
  if ((mode & 0o002) !== 0)
    throw new InputError(`Every user may write to ${path}, so what it names is not run; fix it with: chmod o-w`);
}
