#!/usr/bin/env node
/**
 * Releases a version: checks, turns the changes since the last one into its section of CHANGELOG.md, sets the version,
 * commits, tags and packs the files of the commit. Nothing is pushed or published.
 *
 *   npm run release -- VERSION [--dry-run] [--check COMMAND]
 *
 * --dry-run refuses what a release would refuse, prints the section and changes nothing. --check takes the place of
 * "npm run check".
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

/** A problem with the request or the checkout, and its remedy. */
class Refusal extends Error {}

const unreleased = '## Unreleased';
const usage = 'Usage: npm run release -- VERSION [--dry-run] [--check COMMAND]';

/** Compares versions X.Y.Z: negative when a is the lower one. @type {(a: string, b: string) => number} */
const compare = (a, b) => {
  const [x, y] = [a, b].map((version) => version.split('.').map(Number));
  const at = [0, 1, 2].find((i) => x?.[i] !== y?.[i]);
  return at === undefined ? 0 : (x?.[at] ?? 0) - (y?.[at] ?? 0);
};

/**
 * Gives what is unreleased the heading of a version, and leaves an empty section above it.
 * @param {string} text of CHANGELOG.md
 * @param {string} version
 * @param {string} date YYYY-MM-DD
 * @returns {{ text: string, section: string }} the new text, and the version's section in it
 */
function releaseChanges(text, version, date) {
  const start = text.indexOf(`${unreleased}\n`);
  if (start < 0) throw new Refusal(`CHANGELOG.md has no heading "${unreleased}"; add one above the last release.`);
  const after = start + unreleased.length;
  const next = text.indexOf('\n## ', after);
  const changes = text.slice(after, next < 0 ? undefined : next).trim();
  if (!/^- /m.test(changes))
    throw new Refusal(`The section "${unreleased}" of CHANGELOG.md is empty; write down what has changed.`);
  const section = `## ${version} - ${date}\n\n${changes}\n`;
  return { text: `${text.slice(0, after)}\n\n${section}${next < 0 ? '' : text.slice(next)}`, section };
}

/**
 * @param {string} version asked for
 * @param {string} current the version of package.json, which is that of the last release or of the first one to come
 * @param {string} changes text of CHANGELOG.md
 */
function requireNewVersion(version, current, changes) {
  if (!/^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}$/.test(version))
    throw new Refusal(`"${version}" is not a version; expected three numbers such as 1.2.0.`);
  const released = [...changes.matchAll(/^## (\d+\.\d+\.\d+)\b/gm)].map(([, each = '']) => each);
  const last = released.sort(compare).at(-1);
  if (last !== undefined && compare(version, last) <= 0)
    throw new Refusal(`Version ${version} is not greater than ${last}, the last one in CHANGELOG.md.`);
  if (compare(version, current) < 0)
    throw new Refusal(`Version ${version} is lower than ${current}, the version in package.json.`);
}

/** @type {(...args: string[]) => string} */
const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).trim();

/** @type {(path: string, change: (text: string) => string) => void} */
const rewrite = (path, change) => writeFileSync(path, change(readFileSync(path, 'utf8')));

/** Sets the version in each file that has it. @param {string} version @param {string} date */
function setVersion(version, date) {
  // The first "version" of package.json, and in the lock file its own and that of the root package.
  rewrite('package.json', (text) => text.replace(/"version": "[^"]*"/, `"version": "${version}"`));
  rewrite('package-lock.json', (text) => {
    const lock = JSON.parse(text);
    lock.version = version;
    lock.packages[''].version = version;
    return `${JSON.stringify(lock, null, 2)}\n`;
  });
  rewrite('CITATION.cff', (text) =>
    text
      .replace(/^date-released: .*\n/m, '')
      .replace(/^version: .*$/m, `version: ${version}\ndate-released: '${date}'`),
  );
}

/** @param {string[]} args */
function readArguments(args) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        'dry-run': { type: 'boolean', default: false },
        check: { type: 'string', default: 'npm run check' },
      },
    });
    if (positionals.length === 1) return { version: positionals[0] ?? '', dry: values['dry-run'], check: values.check };
  } catch (error) {
    throw new Refusal(`${/** @type {Error} */ (error).message}\n${usage}`);
  }
  throw new Refusal(usage);
}

/** @param {string[]} args */
function release(args) {
  const { version, dry, check } = readArguments(args);
  const before = readFileSync('CHANGELOG.md', 'utf8');
  requireNewVersion(version, JSON.parse(readFileSync('package.json', 'utf8')).version, before);
  const tag = `v${version}`;
  if (git('tag', '--list', tag) !== '') throw new Refusal(`There is a tag ${tag} already.`);
  const dirty = git('status', '--porcelain');
  if (dirty !== '')
    throw new Refusal(`The checkout has changes that are not committed; commit or undo them:\n${dirty}`);
  const date = new Date().toISOString().slice(0, 10);
  const { text, section } = releaseChanges(before, version, date);
  if (dry) return console.log(`${section}\nNothing was changed (--dry-run).`);

  if (spawnSync(check, { shell: true, stdio: 'inherit' }).status !== 0)
    throw new Refusal(`The check failed (${check}); nothing was changed.`);
  writeFileSync('CHANGELOG.md', text);
  setVersion(version, date);
  git('commit', '--quiet', '--all', '--message', `Release ${version}`);
  git('tag', '--annotate', '--message', `TextCraftor ${version}`, tag);
  // Not "npm pack", which leaves out package-lock.json and .npmrc: the set-up needs them.
  const named = `${JSON.parse(readFileSync('package.json', 'utf8')).name}-${version}`;
  const packed = `${named}.tgz`;
  git('archive', '--format=tar.gz', `--prefix=${named}/`, `--output=${packed}`, tag);
  console.log(`Released ${version}: ${packed}. To publish it: git push --follow-tags`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    release(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}
