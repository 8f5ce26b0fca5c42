import { execFileSync } from 'node:child_process';

/** Whether a path is that of a module, in any spelling. @param {string} path */
export const isSource = (path) => /\.[cm]?[jt]sx?$/.test(path);

/** Files of the checkout that git tracks or would add. @returns {string[]} */
export function filesOfCheckout() {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' });
  return listed.trim().split('\n');
}

/** Folders at the root that have modules. @param {readonly string[]} paths files of the checkout */
export function sourceFolders(paths) {
  return [
    ...new Set(paths.filter((path) => path.includes('/') && isSource(path)).map((path) => path.split('/')[0] ?? '')),
  ];
}
