import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { InputError } from '../common/errors.ts';
import { Home } from '../pipeline/runs/home.ts';

/** Returns the project's folder: TEXTCRAFTOR_HOME, or `.textcraftor` in the current folder. */
export function projectHome(): Home {
  const folder = resolve(process.env['TEXTCRAFTOR_HOME'] || '.textcraftor');
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false)
    throw new InputError(
      `${folder} is a file; expected a folder for the results of runs. Move the file, or set TEXTCRAFTOR_HOME.`,
    );
  return new Home(folder);
}
