import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture, SetupError, tail } from './failure.mjs';
import { root, tools } from './paths.mjs';

const source = join(root, 'studio/page');
const built = join(tools, 'studio/page');
/** Digest of what the page was built from. */
const stamp = join(tools, 'studio/page.digest');

/** Of the page's own files and the versions of all packages; the few files that it shares with others are listed. */
const shared = ['evaluation/report/format-numbers.ts', 'evaluation/arms/arm-names.ts', 'package-lock.json'];

function digest() {
  const own = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash('sha256');
  for (const file of [...own, ...shared.map((path) => join(root, path))])
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

/** Returns whether the studio's page is built from the present sources; true where they were not copied yet. */
export function studioIsBuilt() {
  if (!existsSync(source)) return true;
  return existsSync(join(built, 'index.html')) && existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === digest();
}

/** Builds the studio's page with vite; nothing is downloaded. */
export function buildStudio() {
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const config = join(source, 'vite.config.ts');
  const ran = capture(process.execPath, [vite, 'build', source, '--config', config, '--logLevel', 'warn'], {
    cwd: root,
  });
  if (!ran.ok) throw new SetupError("The studio's page could not be built:", tail(ran.stderr || ran.stdout));
  writeFileSync(stamp, `${digest()}\n`);
}
