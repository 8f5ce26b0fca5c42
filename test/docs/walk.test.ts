import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { textcraftor } from '../../pipeline/textcraftor.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
});
const files = new Set(listed.trim().split('\n'));
const folders = new Set([...files].flatMap(foldersOf));
const pages = [...files].filter((path) => /^(docs\/.*|[^/]*)\.md$/.test(path)).sort();

/** The folders that a path lies in, the nearest last. */
function foldersOf(path: string): string[] {
  return path
    .split('/')
    .slice(0, -1)
    .map((_, i, names) => names.slice(0, i + 1).join('/'));
}

const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');
/** A page without its code blocks. */
const proseOf = (page: string): string => textOf(page).replace(/^ *```[^]*?^ *```/gm, '');

/** Addresses of a page's links and pictures that lead to this repository: [path from the root, heading]. */
function linksOf(page: string): { link: string; path: string; anchor: string }[] {
  const prose = proseOf(page).replace(/`[^`\n]*`/g, 'code');
  return [...prose.matchAll(/\]\(([^()\s]*)\)/g)]
    .map(([, link]) => link!)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [path = '', anchor = ''] = link.split('#');
      return { link, path: path === '' ? page : normalize(join(dirname(page), path)).replace(/\/$/, ''), anchor };
    });
}

/** A heading's anchor, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
const anchorsOf = (page: string): string[] =>
  [...proseOf(page).matchAll(/^#+ +(.+?) *$/gm)].map(([, heading]) => anchorOf(heading!));

/** Ends of the names of source files. */
const ENDS = String.raw`\.(?:ts|mjs|cjs|py|cc|h)`;

/** Source files, by path or by the end of one, that a page names in backticks; pages and settings by path only. */
function namedFiles(prose: string): string[] {
  const roots = new Set([...folders].filter((folder) => !folder.includes('/')));
  const named = [...prose.matchAll(new RegExp(`\`([\\w./-]+(?:${ENDS}|\\.yaml|\\.md))\``, 'g'))].map(
    ([, path]) => path!,
  );
  return named.filter((path) => new RegExp(`${ENDS}$`).test(path) || roots.has(path.split('/')[0]!));
}

/** Source files that a module's comments name, by path or by the end of one; examples are compiled elsewhere. */
function filesInComments(text: string): string[] {
  const comments = [...text.matchAll(/\/\*[^]*?\*\/|(?<![:'"`\\])\/\/[^\n]*/g)].map(([comment]) =>
    comment.replace(/@example[^]*/, '').replace(/https?:\S+|file:\/\//g, ''),
  );
  return comments.flatMap((comment) =>
    [...comment.matchAll(new RegExp(`(?<![\\w/.-])([\\w./-]+${ENDS})(?![\\w/-])`, 'g'))].map(([, path]) => path!),
  );
}

/** All ends of the files' paths: the bare name, the name in its folder, and so on. */
const pathEnds = new Set([...files].flatMap((path) => path.split('/').map((_, i, names) => names.slice(i).join('/'))));
/** A header of TensorFlow's, which the kernels are compiled against. */
const elsewhere = ['tensorflow/c/kernels.h'];
const missing = (named: readonly string[]): string[] =>
  named.filter((path) => !pathEnds.has(path.replace(/^(\.{1,2}\/)+/, '')) && !elsewhere.includes(path));

it('walks from a prompt to the encoder in at most twelve files, a sentence and a link each', () => {
  const stops = textOf('docs/walk.md')
    .split(/^(?=\d+\. )/m)
    .slice(1);
  expect(stops.length).toBeGreaterThan(5);
  expect(stops.length).toBeLessThanOrEqual(12);
  for (const [i, stop] of stops.entries()) {
    const [, number, name, address] = /^(\d+)\. \[([^\]]+)\]\(\.\.\/([^)]+)\): \S/.exec(stop) ?? [];
    expect(Number(number)).toBe(i + 1);
    expect(address, stop).toBe(name);
    expect(files, stop).toContain(name);
  }
});

/** Whether a file imports or starts another, names it as a stage's module, or is a stage whose artifact the other takes. */
function leadsTo(from: string, to: string): boolean {
  const text = textOf(from);
  const imported = [...text.matchAll(/(?:\bfrom |\bimport\(|\bnew URL\()'([^']+\.ts)'/g)].map(([, path]) =>
    normalize(join(dirname(from), path!)),
  );
  if (imported.includes(to) || text.includes(`module: '${to}'`)) return true;
  const { stages } = textcraftor;
  const taken = stages
    .filter((each) => each.module === to)
    .flatMap(({ inputs, optionalInputs = [] }) => [...inputs, ...optionalInputs]);
  return stages.some(({ name, module }) => module === from && taken.includes(name));
}

/** The stops of the walk: the file, and those through which it leads on to the next. */
const walkStops = (text: string): { stop: string; through: string[] }[] =>
  text
    .split(/^(?=\d+\. )/m)
    .slice(1)
    .map((stop) => {
      const [own, ...through] = [...stop.split('\n\n')[0]!.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, path]) => path!);
      return { stop: own!, through };
    });

/** The hops of the walk, by "from -> to", that no import, module path or artifact takes. */
function brokenHops(text: string): string[] {
  const stops = walkStops(text);
  return stops.slice(0, -1).flatMap(({ stop, through }, i) => {
    const isEarlier = stops.slice(0, i).some((each) => each.stop === through[0]);
    const way = [...(isEarlier ? [] : [stop]), ...through, stops[i + 1]!.stop];
    return way
      .slice(1)
      .flatMap((to, at) => (files.has(way[at]!) && leadsTo(way[at]!, to) ? [] : [`${way[at]!} -> ${to}`]));
  });
}

it('leads from each stop of the walk to the next through the files that it names', () => {
  const text = textOf('docs/walk.md');
  expect(brokenHops(text)).toEqual([]);
  expect(brokenHops(text.replaceAll('(../datasets/stages/shard.ts)', '(../datasets/rules/rules.ts)'))).toEqual([
    'datasets/rules/rules.ts -> training/stages/rollout.ts',
  ]);
  expect(brokenHops(text.replaceAll('(../cli/run/start.ts)', '(../api/configuration.ts)'))).toEqual([
    'cli/commands/run-command.ts -> api/configuration.ts',
    'api/configuration.ts -> api/runs/execute-run.ts',
  ]);
});

it.each(pages)('%s links to files and headings that exist', (page) => {
  const broken = linksOf(page).filter(({ path, anchor }) => {
    if (!files.has(path)) return anchor !== '' || !folders.has(path);
    return anchor !== '' && !anchorsOf(path).includes(anchor);
  });
  expect(broken.map(({ link }) => link)).toEqual([]);
});

it.each(pages.filter((page) => page !== 'CHANGELOG.md'))('%s names files that exist', (page) => {
  expect(missing(namedFiles(proseOf(page)))).toEqual([]);
});

it('has comments that name files that exist, by path or bare name', () => {
  const code = [...files].filter((path) => /\.(ts|mjs)$/.test(path) && path !== 'test/docs/walk.test.ts');
  const broken = code.flatMap((path) => missing(filesInComments(textOf(path))).map((name) => `${path}: ${name}`));
  expect(broken).toEqual([]);
  expect(missing(filesInComments('/** One line in gone.ts, see trainer.ts (stages/gone.ts). */ // ./tune.ts'))).toEqual(
    ['gone.ts', 'stages/gone.ts'],
  );
  expect(missing(namedFiles('`gone.ts`, `trainer.ts`, `training/gone.ts`, `docs/gone.md`, `ablations.md`'))).toEqual([
    'gone.ts',
    'training/gone.ts',
    'docs/gone.md',
  ]);
});

it('reaches every page from docs/README.md, which README.md links to', () => {
  expect(linksOf('README.md').map(({ path }) => path)).toContain('docs/README.md');
  const reached = new Set(linksOf('docs/README.md').map(({ path }) => path));
  const missing = pages.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md' && !reached.has(page));
  expect(missing).toEqual([]);
});

it('says a sentence about each page that docs/README.md links to', () => {
  const lines = proseOf('docs/README.md').split(/^- /m).slice(1);
  for (const line of lines) expect(line).toMatch(/^\[[^\]]+\]\([^)]+\): \S/);
});
