import { appendFile, cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const shared = ['node_modules', '.tools', 'world', 'package.json', 'tsconfig.json'];
const own =
  'activities cli common configs datasets engine evaluation models pipeline rewards scripts training workflows';

let made: Promise<string> | undefined;

/** The program of a checkout in which a stage's code is another, though it does the same. Made once. */
export function otherProgram(folder: string): Promise<string> {
  made ??= make(join(folder, 'other-code'));
  return made;
}

async function make(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const name of own.split(' ')) await cp(join(checkout, name), join(folder, name), { recursive: true });
  for (const name of shared) await symlink(join(checkout, name), join(folder, name)).catch(() => {});
  for (const stage of ['datasets/stages/filter.ts', 'evaluation/stages/report.ts'])
    await appendFile(join(folder, stage), '\nexport const version = 2;\n');
  return join(folder, 'cli', 'textcraftor.mjs');
}
