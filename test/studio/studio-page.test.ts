import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { serveStudio, type ServedStudio } from '../../studio/server/serve-studio.ts';
import { recordRun } from './finished-run.ts';

const executablePath = '/usr/bin/chromium';
const seen = existsSync(executablePath);
if (!seen) console.warn(`No ${executablePath}: the studio is not looked at in a browser (apt-get install chromium).`);

const built = fileURLToPath(new URL('../../.tools/studio/page', import.meta.url));
const hostile = '"><img src=x onerror="document.title=1"><script>document.title=2</script>';

let browser: Browser;
let folder: string;
let home: Home;
let served: ServedStudio | undefined;
let errors: string[];
beforeAll(async () => {
  if (seen) browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
});
afterAll(() => browser?.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'textcraftor-studio-page-'));
  home = new Home(join(folder, 'home'));
  await mkdir(home.folder);
  errors = [];
});
afterEach(async () => {
  for (const context of browser?.contexts() ?? []) await context.close();
  await served?.close();
  served = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function newPage(width: number): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 900 } });
  const page = await context.newPage();
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('request', (request) => !request.url().startsWith('http://127.0.0.1:') && errors.push(request.url()));
  return page;
}

/** Opens an address of a studio over the home; faults are in `errors`. */
async function open(path: string, width = 1440): Promise<Page> {
  served ??= await serveStudio({ home, page: built, host: '127.0.0.1', port: 0 });
  const page = await newPage(width);
  await page.goto(new URL(path, served.url).href);
  return page;
}

const heading = (page: Page) => page.getByRole('heading', { level: 1 }).textContent();
const overflow = (page: Page) =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');

describe.skipIf(!seen)('the studio in a browser', () => {
  it('says what to do in a project without runs, and at an address that there is not', async () => {
    const page = await open('/');
    await page.getByText('npx textcraftor run', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Blind comparisons' }).click();
    await page.getByRole('heading', { name: 'No pictures yet' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'No runs yet' }).waitFor();
    const other = await open('/elsewhere');
    await other.getByText('There is nothing at this address.').waitFor();
    expect(errors).toEqual([]);
  });

  it('compares runs that were chosen by the keyboard', async () => {
    const ids = [await recordRun(home, 80), await recordRun(home, 160)];
    const page = await open('/');
    await page.locator('a.run').first().focus();
    await page.keyboard.press('j');
    expect(await page.evaluate('document.activeElement.textContent')).toBe(ids[0]);
    for (const id of ids) {
      await page.getByLabel(`Compare ${id}`, { exact: true }).focus();
      await page.keyboard.press('Space');
    }
    await expect.poll(() => new URL(page.url()).searchParams.getAll('run').toSorted()).toEqual(ids);
    await page.getByRole('button', { name: 'Compare' }).press('Enter');
    await page.getByRole('heading', { name: 'Runs side by side' }).waitFor();
    await page.getByRole('row', { name: 'tuneEncoder.steps' }).waitFor();
    const picture = page.locator('img.picture').first();
    await picture.scrollIntoViewIfNeeded();
    await expect.poll(() => picture.evaluate((img: { naturalWidth: number }) => img.naturalWidth)).toBe(32);
    expect(errors).toEqual([]);
  });

  it('follows a run: what is reused, running and gamed, and its curves with the bounds of the alarm', async () => {
    const id = await recordRun(home, 80, 3);
    const records = new RunRecords(home);
    await records.own(id);
    const page = await open(`/runs/${id}`);
    await page.getByRole('link', { name: 'sweep: waiting' }).waitFor();
    const progress = { step: 20, total: 80 };
    const startedAt = new Date().toISOString();
    await records.saveStage(id, { name: 'sweep', status: 'running', seconds: 4, startedAt, progress });
    await page.getByRole('link', { name: 'sweep: running, 20 of 80' }).waitFor();
    await page.getByText(`npx textcraftor pause ${id}`).waitFor();
    await page.getByRole('img', { name: /^Diversity.*tolerates no less than 0\.300/ }).waitFor();
    const error = { name: 'CollapseError', message: hostile };
    await records.saveStage(id, { name: 'sweep', status: 'failed', seconds: 9, error });
    await records.setStatus(id, 'failed', error);
    await page.getByRole('link', { name: 'sweep: gamed' }).waitFor();
    expect(await page.title()).toBe(`${id} · TextCraftor studio`);
    expect(errors).toEqual([]);
  });

  it('shows a result by gain and disagreement, two pictures in a wipe, and the report', async () => {
    const id = await recordRun(home, 80);
    const page = await open(`/runs/${id}/result`);
    await page
      .getByRole('button', { name: /^Compare the pictures of/ })
      .first()
      .click();
    const slider = page.getByRole('slider');
    await slider.press('Home');
    expect(await slider.inputValue()).toBe('0');
    await page.keyboard.press('Escape');
    await page.getByLabel('disagreement').press('Space');
    await expect.poll(() => new URL(page.url()).searchParams.get('sort')).toBe('disagreement');
    await page.locator('iframe').scrollIntoViewIfNeeded();
    await page.frameLocator('iframe').getByText(`Run ${id}`).waitFor();
    expect(errors).toEqual([]);
  });

  it.each([390, 1440])('fits a window of %i pixels', async (width) => {
    const ids = [await recordRun(home, 80), await recordRun(home, 160)];
    const compared = `/compare?run=${ids[0]}&run=${ids[1]}`;
    for (const path of ['/', `/runs/${ids[0]}`, `/runs/${ids[0]}/result`, compared, '/studies']) {
      const page = await open(path, width);
      await page.locator('main table, main form, main svg, main iframe').first().waitFor();
      expect([path, await overflow(page)]).toEqual([path, 0]);
    }
    expect(errors).toEqual([]);
  });
});

describe.skipIf(!seen)('blind votes in a browser', () => {
  let child: ChildProcess | undefined;
  afterEach(() => child?.kill('SIGKILL'));

  /** Starts a studio in a process of its own. @returns its address */
  async function start(port: string): Promise<string> {
    const program = fileURLToPath(new URL('serve-child.ts', import.meta.url));
    child = spawn(process.execPath, ['--import', 'tsx', program, home.folder, built, port]);
    let said = '';
    for await (const chunk of child.stdout!) if ((said += chunk).endsWith('\n')) break;
    return said.trim();
  }

  it('are not lost when the studio is killed between two of them', async () => {
    await recordRun(home, 80);
    const url = await start('0');
    const page = await newPage(1440);
    await page.goto(new URL('/studies', url).href);
    for (const arm of ['base', 'chosen', 'tuned'])
      await page.getByLabel(arm, { exact: true }).setChecked(arm !== 'chosen');
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.getByLabel('Your name').fill('Anna');
    await page.keyboard.press('Enter');
    await page.getByText('Pair 1 of 4').waitFor();
    await page.keyboard.press('ArrowLeft');
    await page.getByText('Pair 2 of 4').waitFor();
    child!.kill('SIGKILL');
    await once(child!, 'exit');
    await page.keyboard.press('ArrowRight');
    await page.getByText('This vote was not kept; vote again.').waitFor();
    expect(await start(new URL(url).port)).toBe(url);
    await page.keyboard.press('ArrowRight');
    await page.getByText('Pair 3 of 4').waitFor();
    await page.keyboard.press('Backspace');
    await page.getByText('Pair 2 of 4').waitFor();
    expect(await page.getByRole('button', { name: 'Right' }).getAttribute('aria-pressed')).toBe('true');
    await page.keyboard.press('ArrowDown');
    for (const number of [3, 4]) {
      await page.getByText(`Pair ${number} of 4`).waitFor();
      await page.keyboard.press('ArrowDown');
    }
    await page.getByRole('link', { name: 'See what people found' }).click();
    await page.getByText('anna: 4 of 4').waitFor();
    expect(await heading(page)).toBe('What people found');
    expect(await page.getByRole('row', { name: 'tuned against base' }).textContent()).toContain('1 decided');
  });
});
