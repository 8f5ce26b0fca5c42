import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { renderReport } from '../../../evaluation/report/report-page.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';
import { sampleReport } from '../sample-report.ts';
import { sampleStyles } from './sample-styles.ts';

const page = (styles = sampleStyles()) => renderReport({ ...sampleReport(0), styles }).replace(/\s+/g, ' ');
const sectionOf = (text: string) => text.split('id="styles"')[1]!.split('</section>')[0]!;

describe('style control in the report', () => {
  it('is there only if the run has styles', () => {
    expect(renderReport(sampleReport(0))).not.toContain('Style control');
    expect(page()).toContain('Means over 155 test prompts, one picture each, with 95 % intervals');
  });

  it('says of each encoder whether its curve rises, by the intervals, and what it costs', () => {
    const section = sectionOf(page());
    expect(section).toContain(
      'The encoder of this run, of step 120. <strong>Style: neon rises</strong> from 0.200 at weight 0 to 0.800 at weight 1: +0.600 (+0.570 to +0.630); no step falls with its whole interval.',
    );
    expect(section).toContain(
      'Style: 3d goes from 0.200 at weight 0 to 0.500 at weight 1: +0.300 (+0.270 to +0.330); this is not a rise, since the whole interval of 2 of 4 steps is below 0.',
    );
    expect(section.match(/Alone, at weight 1, against the base: Oracle −0\.050 \(−0\.080 to −0\.020\)/g)).toHaveLength(
      2,
    );
    const flat = sampleStyles();
    Object.assign(flat.encoders[0]!, { curves: flat.encoders[0]!.curves.map((own) => ({ ...own, rises: false })) });
    flat.encoders[0]!.curves.find(({ metric }) => metric === 'style.neon')!.ends.ci95 = [-0.1, 1];
    expect(sectionOf(page(flat))).toContain('this is not a rise, since its interval is not above 0.');
    flat.encoders[0]!.own = { step: 160, chosen: false };
    expect(sectionOf(page(flat))).toContain(
      'The final encoder of this run, of step 160, since validation chose the original',
    );
  });

  it('plots the own metric, the oracle and the quality first, then the other goals and styles', () => {
    const [neon] = sectionOf(page()).split('>3d</h3>');
    const titles = [...neon!.matchAll(/<figcaption>([^<]*)<\/figcaption>/g)].map(([, title]) => title);
    expect(titles).toEqual(['Style: neon', 'Oracle', 'Quality (oracle)', 'clip', 'Held-out reward', 'Style: 3d']);
    expect(neon!.indexOf('<details>')).toBeGreaterThan(neon!.indexOf('Quality (oracle)'));
    expect(neon!.indexOf('<details>')).toBeLessThan(neon!.indexOf('<figcaption>clip'));
    expect(neon).toContain('Style: neon: 0.200 at blend 0, 0.300 at blend 0.25');
  });

  it('labels both weights of each picture of a grid, and shows mixes with their differences', () => {
    const section = sectionOf(page(sampleStyles(3)));
    expect(section).toContain('neon →');
    expect(section).toContain('3d ↓');
    const alts = [...section.matchAll(/alt="([^"]*)"/g)].map(([, alt]) => alt);
    expect(alts).toHaveLength(2 * 9);
    expect(alts[5]).toBe('a &lt;b&gt;small&lt;/b&gt; red circle (neon 1, 3d 0.5)');
    expect(section).toContain('neon=0.5, 3d=0.5');
    expect(section).toMatch(/Oracle<\/th>.*0\.400 <small>0\.350 to 0\.450<\/small>.*−0\.100 <small>−0\.130 to −0\.070/);
  });

  it('leaves out grids and mixes that a run has none of', () => {
    const section = sectionOf(page({ ...sampleStyles(2), grids: [], mixes: [] }));
    expect(section).not.toContain('Mixes');
    expect(section).not.toContain('Two encoders');
  });
});

const executablePath = '/usr/bin/chromium';

describe.skipIf(!existsSync(executablePath))('style control in a browser', () => {
  it.each([
    [360, 5],
    [360, 11],
    [1200, 5],
  ])(
    'fits a window of %i pixels with %i weights both ways, every picture enlarged smoothly or shrunk',
    async (width, side) => {
      const path = join(await temporaryFolder(), 'report.html');
      await writeFile(path, renderReport({ ...sampleReport(0), styles: sampleStyles(side) }));
      const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
      try {
        const view = await browser.newPage({ viewport: { width, height: 900 } });
        await view.goto(pathToFileURL(path).href);
        const [whole, right, rendering] = await view.evaluate<[number, number, string[]]>(`[
        document.documentElement.scrollWidth,
        Math.max(...[...document.querySelectorAll('[aria-labelledby=styles] table')].map((table) => table.getBoundingClientRect().right)),
        [...new Set([...document.querySelectorAll('.sliders img')].map((img) => getComputedStyle(img).imageRendering))],
      ]`);
        expect(whole).toBeLessThanOrEqual(width);
        expect(right).toBeLessThanOrEqual(width);
        expect(rendering).toEqual(['auto']);
      } finally {
        await browser.close();
      }
    },
  );
});
