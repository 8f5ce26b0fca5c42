import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { SetupError } from './failure.mjs';
import { root } from './paths.mjs';

/** @param {string} file */
const packagesOf = (file) => JSON.parse(readFileSync(join(root, file), 'utf8')).packages;

/** Returns whether node_modules matches package-lock.json; packages for other systems may be missing. */
export function dependenciesAreInstalled() {
  if (!existsSync(join(root, 'node_modules/.package-lock.json'))) return false;
  const locked = packagesOf('package-lock.json');
  const installed = packagesOf('node_modules/.package-lock.json');
  return Object.entries(locked).every(
    ([path, wanted]) =>
      path === '' || (wanted.optional && !installed[path]) || installed[path]?.integrity === wanted.integrity,
  );
}

/**
 * Runs `npm ci` without the packages' install scripts, which would download other builds of TensorFlow and ONNX
 * Runtime.
 */
export function installDependencies() {
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  // Under `npm run`, npm gives the path of its own program, which fits the Node that runs this.
  const npm = process.env['npm_execpath'];
  const ran = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    : spawnSync('npm', args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (ran.status !== 0)
    throw new SetupError('npm could not install the packages of package-lock.json.', [
      'See its message above; your own registry: npm config set registry URL.',
    ]);
}

const link = join(root, 'node_modules/.bin/textcraftor');
const target = relative(dirname(link), join(root, 'cli/textcraftor.mjs'));

export function commandIsLinked() {
  return lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true && readlinkSync(link) === target;
}

/** Makes `npx textcraftor` work in the checkout: npm links the commands of dependencies, but not the package's own. */
export function linkCommand() {
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(target, link);
  chmodSync(join(root, 'cli/textcraftor.mjs'), 0o755);
}
