import { stat } from 'node:fs/promises';
import { InputError } from '../../common/errors.ts';

/**
 * Checks that only this user, or root, has written what is at `path`: commands and modules that it names are about to run.
 * @throws InputError
 */
export async function checkOwn(path: string): Promise<void> {
  const user = process.getuid?.();
  if (user === undefined) return;
  const { uid, mode } = await stat(path);
  if (uid !== user && uid !== 0)
    throw new InputError(`${path} belongs to another user (${uid}); what it says is not done for user ${user}.`);
  if ((mode & 0o002) !== 0)
    throw new InputError(`Every user may write to ${path}, so what it says is not done; help with: chmod o-w`);
}
