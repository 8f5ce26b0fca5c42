// Reports where the house gets crowded: too many folders at the root, too many files in a folder, two files with one
// name; and modules in a folder that the table of imports does not have.
import { basename, dirname } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import { lists, most, mostRoots, outside, rooms } from './rooms.mjs';
import { filesOfCheckout, isSource } from './source-files.mjs';

/** Files of which each test and example has its own; tests themselves are not among them. */
const apart = /^(test|bench|examples)\/(?!.*\.test\.ts$)/;

/**
 * @param {readonly string[]} paths files of the checkout
 * @returns {string[]} a sentence for each fault
 */
export function layoutFaults(paths) {
  const faults = [];
  const roots = new Set(
    paths.filter((path) => path.includes('/') && !path.startsWith('.')).map((path) => path.split('/')[0]),
  );
  if (roots.size > mostRoots)
    faults.push(`There are ${roots.size} folders at the root; at most ${mostRoots} are allowed.`);
  const folders = group(paths);
  const known = [...Object.keys(rooms), ...outside];
  for (const folder of folders.keys())
    if (folder !== '.' && !known.some((room) => `${folder}/`.startsWith(`${room}/`)))
      faults.push(`${folder}/ is not in the table of imports: add what it may import to scripts/lint/rooms.mjs.`);
  for (const [folder, files] of folders)
    if (files.length > most && !lists.includes(folder))
      faults.push(
        `${folder}/ has ${files.length} source files; at most ${most}: move files that belong together into their own folder.`,
      );
  /** @type {Map<string, string>} */
  const named = new Map();
  for (const path of paths.filter((each) => isSource(each) && !apart.test(each))) {
    const name = basename(path);
    const other = named.get(name);
    if (other !== undefined)
      faults.push(`${other} and ${path} have the same name: an editor's list of files cannot tell them apart.`);
    named.set(name, path);
  }
  return faults;
}

/** @param {readonly string[]} paths */
function group(paths) {
  /** @type {Map<string, string[]>} */
  const folders = new Map();
  for (const path of paths.filter(isSource)) folders.set(dirname(path), [...(folders.get(dirname(path)) ?? []), path]);
  return folders;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const faults = layoutFaults(filesOfCheckout());
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
