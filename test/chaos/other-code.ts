import { appendFile, cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const shared = ['node_modules', '.tools', 'package.json', 'tsconfig.json'];
const needless = new Set(['node_modules', 'test', 'bench', 'docs', 'examples']);

let made: Promise<string> | undefined;

/** The program of a checkout in which a stage's code differs but does the same. Made once. */
export function otherProgram(folder: string): Promise<string> {
  made ??= make(join(folder, 'other-code'));
  return made;
}

async function make(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const entry of await readdir(checkout, { withFileTypes: true }))
    if (entry.isDirectory() && !entry.name.startsWith('.') && !needless.has(entry.name))
      await cp(join(checkout, entry.name), join(folder, entry.name), { recursive: true });
  for (const name of shared) await symlink(join(checkout, name), join(folder, name)).catch(() => {});
  for (const stage of ['datasets/stages/filter.ts', 'evaluation/stages/report.ts'])
    await appendFile(join(folder, stage), '\nexport const version = 2;\n');
  return join(folder, 'cli', 'textcraftor.mjs');
}
