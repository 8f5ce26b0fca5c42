import { resolve } from 'node:path';
import { Home } from '../pipeline/home.ts';

/** The project's folder: `.textcraftor` where the command was called, or what TEXTCRAFTOR_HOME says. */
export function projectHome(): Home {
  return new Home(resolve(process.env['TEXTCRAFTOR_HOME'] ?? '.textcraftor'));
}
