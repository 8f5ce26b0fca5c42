import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const own = 'test/docs/spelling.test.ts';

/** British spellings of words that this project spells as in America. "Cancelled" is the name of a status. */
const british =
  /colour|\bgrey|neighbour|behaviour|\bcentre|normalis[aei]|recognis[aei]|(?<!aria-)\blabelled|\blearnt|misspelt|\bhonour/gi;

/** Lines that have to keep one: words that the world's models know, a data set's column, the name of a random stream. */
const kept: Readonly<Record<string, readonly RegExp[]>> = {
  'world/scenes/shapes/grammar.ts': [/gray: \['gray', 'grey'\]/],
  'docs/shapes-world.md': [/a few synonyms \(.*grey/],
  'test/api/inspection/inspect.test.ts': [/"colour"|\[colour\]/],
  'test/world/shapes/web-like.test.ts': [/RandomStream\(1, 'neighbours'\)/],
};

const faultsIn = (path: string, text: string): string[] =>
  text
    .split('\n')
    .filter((line) => !kept[path]?.some((pattern) => pattern.test(line)))
    .flatMap((line) => line.match(british) ?? [])
    .map((word) => `${path}: ${word}`);

it('is the same in code and docs', () => {
  const listed = execFileSync('git', ['ls-files', '*.ts', '*.mjs', '*.js', '*.md', '*.yaml'], { cwd: root });
  const paths = listed.toString().trim().split('\n');
  expect(paths.length).toBeGreaterThan(500);
  expect(
    paths.filter((path) => path !== own).flatMap((path) => faultsIn(path, readFileSync(join(root, path), 'utf8'))),
  ).toEqual([]);
});

it('is refused in names and prose, but not where a word is data', () => {
  expect(faultsIn('a.ts', '// Normalises the Colours\nconst centre = 1; const cancelled = 2;')).toEqual([
    'a.ts: Normalise',
    'a.ts: Colour',
    'a.ts: centre',
  ]);
  expect(faultsIn('a.ts', '<section aria-labelledby="x">')).toEqual([]);
  expect(faultsIn('world/scenes/shapes/grammar.ts', "gray: ['gray', 'grey'],\n// grey")).toHaveLength(1);
});
