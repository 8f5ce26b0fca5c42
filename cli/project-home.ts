import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { InputError } from '../common/errors.ts';
import { Home } from '../pipeline/runs/home.ts';

/** The project's folder: `.textcraftor` where the command was called, or what TEXTCRAFTOR_HOME says. */
export function projectHome(): Home {
  const folder = resolve(process.env['TEXTCRAFTOR_HOME'] || '.textcraftor');
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false)
    throw new InputError(
      `${folder} is a file; what runs make goes into a folder of that name (TEXTCRAFTOR_HOME names another).`,
    );
  return new Home(folder);
}
