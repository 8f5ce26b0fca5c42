import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { expect, test } from 'vitest';
import { writeWorldSheet } from '../../api/world-sheet.ts';
import { parseGallery } from '../../world/scenes/gallery/gallery-grammar.ts';
import { parse } from '../../world/scenes/shapes/grammar.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

test.each([
  ['shapes', parse, [10 * 100, 4 * 100]],
  ['gallery', parseGallery, [10 * 132, 8 * 132]],
] as const)('the sheet of the world "%s" shows its pictures and captions', async (world, understood, size) => {
  const out = join(await temporaryFolder(), 'sheet');
  const paths = await writeWorldSheet({ out, world });
  const sheets = world === 'gallery' ? ['harder.png', 'scenes.png'] : ['scenes.png'];
  expect((await readdir(out)).sort()).toEqual(['examples.jsonl', 'examples.png', ...sheets]);
  for (const sheet of sheets) {
    const { width, height } = PNG.sync.read(await readFile(join(out, sheet)));
    expect([width, height]).toEqual(size);
  }
  expect(paths).toHaveLength(2 + sheets.length);
  const lines = (await readFile(join(out, 'examples.jsonl'), 'utf8')).trim().split('\n');
  expect(lines).toHaveLength(60);
  const examples = lines.map(
    (line) => JSON.parse(line) as Record<string, Record<string, unknown>> & { caption: string },
  );
  for (const { caption } of examples) expect(understood(caption)).toBeDefined();
  const right = examples.filter(({ truth, read }) => read!['shape'] === truth!['shape']);
  expect(right.length).toBeGreaterThanOrEqual(57);
});
