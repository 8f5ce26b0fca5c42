import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { number, percent, signed } from '../../evaluation/report/format-numbers.ts';
import { html } from '../../evaluation/report/markup.ts';
import { renderReport } from '../../evaluation/report/report-page.ts';
import { sampleReport } from './sample-report.ts';

describe('html', () => {
  it('escapes values, keeps markup, joins lists', () => {
    const inner = html`<b title="${'"x" & y'}">${'<script>'}</b>`;
    expect(html`${[inner, undefined, 3]}`.text).toBe('<b title="&quot;x&quot; &amp; y">&lt;script&gt;</b>3');
  });
});

describe('numbers', () => {
  it('have about three digits, a typographic minus and, where asked, their sign', () => {
    expect([0, 0.0702, -5.678, 123.4, 0.00012, -1e-18].map(number)).toEqual([
      '0.000',
      '0.070',
      '−5.68',
      '123',
      '1.2e−4',
      '0.000',
    ]);
    expect([0.5, -0.5, 0].map(signed)).toEqual(['+0.500', '−0.500', '0.000']);
    expect([0.583, 0.004].map(percent)).toEqual(['58 %', '0.4 %']);
  });
});

const hostile = '"><img src=x onerror="document.title=1"><script>document.title=2</script> ${x} &amp;';

describe('the report', () => {
  it('requests nothing from outside', () => {
    const page = renderReport(sampleReport(2));
    for (const [, url] of page.matchAll(/(?:src|href|url)\s*[=(]\s*["']?([^"')\s]*)/g))
      expect(url).toMatch(/^(data:|#)/);
    expect(page).not.toMatch(/https?:\/\//);
    expect(page).toContain("default-src 'none'");
  });

  it('is the same for the same data', () => {
    expect(renderReport(sampleReport(2))).toBe(renderReport(sampleReport(2)));
  });

  it('shows the control curve in words and each benchmark by category', () => {
    const page = renderReport(sampleReport(0)).replace(/\s+/g, ' ');
    expect(page).toContain('clip rises from 0 to 1 (100 % of the steps; none goes back beyond its interval).');
    expect(page).toContain('Benchmark: world');
    expect(page).toContain('0.200 ± 0.010');
    expect(page).toContain('plain (80)');
  });

  it('names what the exact judge says of quality and style, of which only quality is a goal', () => {
    const sample = sampleReport(0);
    const like = (metric: string) =>
      sample.comparisons.filter((own) => own.metric === 'oracle').map((own) => ({ ...own, metric }));
    const more = [...like('quality'), ...like('style.neon')];
    const page = renderReport({ ...sample, comparisons: [...sample.comparisons, ...more] }).replace(/\s+/g, ' ');
    for (const label of ['Quality (oracle)', 'Style: neon'])
      expect(page).toContain(`>${label}<br /><small>exact, never trained on</small>`);
    expect(page).toContain('<h3>Quality (oracle) <small>');
    expect(page).not.toContain('<h3>Style');
  });

  it('begins with the first prompts as rows of pictures, with a column for what the run has', () => {
    const headings = (data: ReturnType<typeof sampleReport>) =>
      [...renderReport(data).matchAll(/<th scope="col">(Base model|Better prompts|Tuned [^<]*)<\/th>/g)].map(
        ([, heading]) => heading,
      );
    const sample = sampleReport(6);
    expect(headings(sample)).toEqual(['Base model', 'Tuned encoder']);
    const page = renderReport(sample);
    expect(page.indexOf('What tuning changes')).toBeLessThan(page.indexOf('Result on held-out prompts'));
    expect(page.match(/\(Base model\)/g)).toHaveLength(4);
    const more: typeof sample.pictures = sample.pictures.map(({ files, ...rest }) => ({
      ...rest,
      files: { ...files, 'prompt-engineering': 'data:,words', 'encoder+unet': 'data:,both' },
    }));
    const sweep = { ...sample.sweep, chosen: { ...sample.sweep.chosen, unetStep: 40 } };
    const whole = { ...sample, pictures: more, sweep };
    expect(headings(whole)).toEqual(['Base model', 'Better prompts', 'Tuned encoder', 'Tuned encoder and UNet']);
    // With a UNet in the choice, the encoder alone is the arm `tuned`.
    const rows = renderReport(whole).split('Result on held-out')[0]!;
    expect(rows).toContain(more[0]!.files['tuned']!);
    expect(rows).not.toContain(more[0]!.files['chosen']!);
  });

  it('shows the training of a UNet, and which one was chosen', () => {
    const sample = sampleReport(0);
    expect(renderReport(sample)).not.toContain('Training of the UNet');
    const sweep = { ...sample.sweep, chosen: { ...sample.sweep.chosen, unetStep: 40 } };
    const page = renderReport({ ...sample, sweep, unetCurves: sample.curves.slice(0, 60) });
    expect(page).toContain('Training of the UNet');
    expect(page).toMatch(/60 steps of the UNet; step 40 was chosen/);
    expect(page).toContain('with the UNet of step 40');
  });

  it('shows the exported encoder beside the chosen one: numbers, verdicts and the choice', () => {
    const sample = sampleReport(1);
    const text = (data: typeof sample) => renderReport(data).replace(/\s+/g, ' ');
    expect(text(sample)).toContain('the encoder of step 120 with 0.25 of its weight change');
    expect(text(sample)).toMatch(/class="quiet">exported \+0\.\d+/);
    expect(text(sample)).toContain('>weight 0.75</th>');
    const nothing = { ...sample.sweep.exported, chosen: { step: 0, blend: 0 } };
    expect(text({ ...sample, sweep: { ...sample.sweep, exported: nothing } })).toContain(
      'Nothing is exported: used in all steps, no share of its weight change',
    );
  });

  it('works without a run, curves and pictures', () => {
    const page = renderReport({ ...sampleReport(0), run: undefined, curves: [] });
    expect(page).toContain('Every arm against the base');
    expect(page).not.toContain('Side by side');
    expect(page).not.toContain('id="stages"');
  });
});

const executablePath = '/usr/bin/chromium';
const seen = existsSync(executablePath);
if (!seen) console.warn(`No ${executablePath}: the report is not looked at in a browser (apt-get install chromium).`);

describe.skipIf(!seen)('the report in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'textcraftor-report-'));
  const path = join(folder, 'report.html');
  let browser: Browser;
  beforeAll(async () => {
    const data = sampleReport(3);
    data.pictures[0]!.prompt = hostile;
    data.title = hostile;
    data.filter.samples = { blocked: [hostile] };
    writeFileSync(path, renderReport(data));
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  /** Opens the report; `requests` and `errors` are filled while it is open. */
  async function open(width = 1200): Promise<{ page: Page; requests: string[]; errors: string[] }> {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    const [requests, errors]: [string[], string[]] = [[], []];
    page.on('request', (request) => requests.push(request.url()));
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    await page.goto(pathToFileURL(path).href);
    return { page, requests, errors };
  }

  it('loads without errors or requests, and runs no code from a prompt', async () => {
    const { page, requests, errors } = await open();
    expect(errors).toEqual([]);
    expect(requests.filter((url) => !url.startsWith('data:'))).toEqual([pathToFileURL(path).href]);
    expect(await page.title()).toBe(`${hostile} · TextCraftor report`);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(hostile);
  });

  it('moves the blend of every picture by the keyboard', async () => {
    const { page } = await open();
    const slider = page.getByRole('slider', { name: 'weight of the tuned encoder' });
    const shown = () =>
      page.evaluate<string[]>(`
        [...document.querySelectorAll('.blends figure')].map((figure) =>
          [...figure.querySelectorAll('img')]
            .filter((img) => img.offsetWidth > 0)
            .map((img) => img.alt.replace(/^.*\\((.*)\\)$/, '$1'))
            .join())`);
    expect(await shown()).toEqual(['base', 'base', 'base']);
    await slider.focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    expect(await shown()).toEqual(['blend 0.50', 'blend 0.50', 'blend 0.50']);
    expect(await slider.getAttribute('aria-valuetext')).toBe('0.50');
    await page.keyboard.press('End');
    expect(await shown()).toEqual(['tuned', 'tuned', 'tuned']);
    expect(await page.locator('output').textContent()).toBe('w = 1.00');
  });

  it('shows every picture with an alternative text, enlarged smoothly', async () => {
    const { page } = await open();
    const images = await page.evaluate<{ alt: string; width: number; rendering: string }[]>(`
      [...document.images].map((img) => (
        { alt: img.alt, width: img.naturalWidth, rendering: getComputedStyle(img).imageRendering }))`);
    expect(images).toHaveLength(3 * 2 + 3 * 5 + 3 * 4);
    for (const { alt, width, rendering } of images) {
      expect(alt).toMatch(/\((Base model|Tuned encoder|base|blend 0\.\d\d|tuned|chosen|exported)\)$/);
      expect([width, rendering]).toEqual([32, 'auto']);
    }
  });

  it.each([360, 1200])('fits a window of %i pixels, with the wide tables scrolling by themselves', async (width) => {
    const { page } = await open(width);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });
});
