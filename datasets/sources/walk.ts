import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../common/errors.ts';

/**
 * The files below a folder by their names there, sorted. Links are followed, each folder once: what leads back into a
 * folder above it, to nowhere, or to no file (a pipe, a device) is in `ignored`. Hidden names are passed over.
 */
export async function walk(folder: string): Promise<{ files: { name: string; bytes: number }[]; ignored: string[] }> {
  const files: { name: string; bytes: number }[] = [];
  const ignored: string[] = [];
  const visit = async (below: string, above: readonly string[]): Promise<void> => {
    const real = await realpath(join(folder, below));
    if (above.includes(real)) return void ignored.push(below);
    const names = await readdir(real).catch((error: Error) => {
      throw new InputError(`${join(folder, below)}: cannot be read (${error.message}).`);
    });
    for (const entry of names.sort()) {
      if (entry.startsWith('.')) continue;
      const name = below === '' ? entry : `${below}/${entry}`;
      const details = await stat(join(folder, name)).catch(() => undefined);
      if (details?.isDirectory()) await visit(name, [...above, real]);
      else if (details?.isFile()) files.push({ name, bytes: details.size });
      else ignored.push(name);
    }
  };
  await visit('', []);
  files.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { files, ignored };
}
