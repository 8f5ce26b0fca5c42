import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectedWork, saidOf } from '../../api/paper/expected-time.ts';
import { writePagePictures } from '../../api/paper/page-pictures.ts';
import { refusePublished } from '../../api/paper/published-page.ts';
import { paper } from '../../api/paper/write-paper.ts';
import { decodePng, encodePng } from '../../common/pictures/png.ts';
import { fullBudget, quickBudget, variants, type Budget } from '../../evaluation/paper/matrix.ts';
import { pictureRows, pictureTable } from '../../evaluation/paper/paper-pictures.ts';
import type { CollectedRun } from '../../evaluation/paper/paper-results.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

const config = 'configs/paper.yaml';

describe('a quick run', () => {
  const refused = /is not the page of a quick run, which must not replace it/;

  it('never replaces the page of a full run, whatever its folder is called', async () => {
    const project = await temporaryFolder();
    const put = (file: string, text: string) => {
      mkdirSync(join(project, file, '..'), { recursive: true });
      writeFileSync(join(project, file), text);
    };
    await refusePublished('new', project);
    await expect(refusePublished('docs', project)).rejects.toThrow(refused); // also before there is a page
    put('docs/results.json', '{"quick":false}');
    symlinkSync(join(project, 'docs'), join(project, 'link'));
    for (const out of ['docs', './docs/', 'a/../docs', 'link', join(project, 'docs')])
      await expect(refusePublished(out, project)).rejects.toThrow(refused);
    put('other/results.json', '{"claims":[],"quick":false}');
    put('unknown/results.md', '# A page');
    for (const out of ['other', 'unknown']) await expect(refusePublished(out, project)).rejects.toThrow(refused);
    put('again/results.json', '{"claims":[],"quick":true}');
    put('again/results.md', '# A quick page');
    await refusePublished('again', project);
  });

  it('is refused before it runs anything', async () => {
    const home = new Home(await temporaryFolder());
    const run = () => Promise.reject(new Error('it ran'));
    const options = { home, config, folder: '.', out: 'docs', quick: true, lanes: 1, threads: 1, run, note: () => {} };
    await expect(paper(options)).rejects.toThrow(refused);
    await expect(paper({ ...options, out: 'paper-quick-test' })).rejects.toThrow('it ran');
  });

  it('does not change the published page, which says that it is one of a full run', () => {
    expect(readFileSync('docs/results.json', 'utf8')).toContain('"quick":false');
  });
});

describe('the expected time', () => {
  const workOf = (budget: Budget, seeds: number) =>
    expectedWork(
      config,
      variants(budget, 'gallery').flatMap((variant) =>
        Array.from({ length: variant.seeds ?? seeds }, (_, i) => ({ variant, seed: i + 1 })),
      ),
      'gallery',
      '.',
    );

  it('counts what runs share once, and grows with the seeds', async () => {
    const [variant] = variants(quickBudget, 'gallery');
    const one = await expectedWork(config, [{ variant: variant!, seed: 1 }], 'gallery', '.');
    const twice = { ...variant!, name: 'the same' };
    const both = await expectedWork(
      config,
      [variant!, twice].map((variant) => ({ variant, seed: 1 })),
      'gallery',
      '.',
    );
    expect(both.steps).toBe(one.steps);
    expect(both.pictures).toBe(one.pictures);
    const [first, three] = [await workOf(fullBudget, 1), await workOf(fullBudget, 3)];
    expect(three.runs).toBe(3 * (first.runs - 1) + 1);
    expect(three.seconds).toBeGreaterThan(2.5 * first.seconds);
  });

  it('is under 75 minutes on two cores, and under 15 for a quick run', async () => {
    expect((await workOf(fullBudget, fullBudget.seeds)).seconds / 2).toBeLessThan(75 * 60);
    const quick = await workOf(quickBudget, quickBudget.seeds);
    expect(quick.seconds / 2).toBeLessThan(15 * 60);
    expect(saidOf(quick, 2)).toMatch(
      /^6 runs, \d+ stages, \d+ steps of tuning, \d+ pictures: about \d+ min \d+ s on 2 cores/,
    );
  });
});

describe('the pictures that open the page', () => {
  const runOf = (name: string, seed: number, arms: Record<string, string>) =>
    ({
      variant: { name },
      seed,
      pictures: ['a disc', 'a ring'].map((prompt, i) => ({
        prompt,
        files: Object.fromEntries(Object.entries(arms).map(([arm, folder]) => [arm, `${folder}/${i}.png`])),
      })),
    }) as unknown as CollectedRun;
  const encoder = { base: 'base', encoder: 'chosen', 'prompt engineering': 'words', 'encoder at 0.25': 'blend' };

  it('are those of the first seed, from the base to the most tuned arm, whichever run has them', () => {
    const rows = pictureRows([
      runOf('encoder', 1, encoder),
      runOf('encoder', 2, { ...encoder, base: 'other' }),
      runOf('encoder + UNet', 1, { 'encoder + UNet': 'pair' }),
    ]);
    expect(rows.map(({ cells }) => cells.map(({ source }) => source))).toEqual([
      ['base/0.png', 'words/0.png', 'chosen/0.png', 'pair/0.png'],
      ['base/1.png', 'words/1.png', 'chosen/1.png', 'pair/1.png'],
    ]);
    const lines = pictureTable(rows);
    expect(lines[0]).toBe('| prompt | base | prompt engineering | encoder | encoder + UNet |');
    expect(lines[3]).toContain('![a ring (encoder + UNet)](images/results-2-encoder-UNet.png)');
  });

  it('are left out when there is nothing to compare', () => {
    expect(pictureRows([])).toEqual([]);
    expect(pictureRows([runOf('encoder', 1, { base: 'base' })])).toEqual([]);
  });

  it('are enlarged smoothly, by a whole number', async () => {
    const folder = await temporaryFolder();
    const source = join(folder, 'small.png');
    const pixels = Float32Array.from({ length: 64 * 64 * 3 }, (_, i) => (Math.floor(i / 3) % 64) / 63);
    writeFileSync(source, encodePng(pixels, 64, 64));
    const cells = [{ arm: 'base', source, file: 'images/a.png' }];
    await writePagePictures([{ prompt: 'a disc', cells }], folder);
    const { pixels: large, width, height } = decodePng(readFileSync(join(folder, 'images/a.png')), 'a.png');
    expect([width, height]).toEqual([192, 192]);
    const row = Array.from({ length: 150 }, (_, x) => large[3 * (192 * 90 + x + 20)]!);
    for (const [x, value] of row.slice(1).entries()) expect(value).toBeGreaterThanOrEqual(row[x]!);
    expect(new Set(row).size).toBeGreaterThan(100); // not one step per original pixel
  });
});
