import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { temporaryFolder } from '../setup/temporary-folder.ts';
import { until } from '../setup/watchdog.ts';
import { Command, textcraftor } from './command.ts';

let home: string;
beforeEach(async () => {
  home = join(await temporaryFolder(), 'home');
  await mkdir(home);
});

it('prints the address of the studio, serves it and ends when it is interrupted', async () => {
  const studio = new Command(home, ['studio', '--no-open', '--port', '0']);
  await until('the address', async () => studio.stdout.endsWith('\n'));
  const url = studio.stdout.trim();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  expect(await (await fetch(url)).text()).toContain('<title>TextCraftor studio</title>');
  expect(await (await fetch(`${url}api/runs`)).json()).toEqual({ runs: [] });
  const taken = await textcraftor(home, 'studio', '--no-open', '--port', new URL(url).port);
  expect([taken.code, taken.stderr]).toEqual([2, expect.stringContaining('is taken')]);
  studio.process.kill('SIGINT');
  const { code, stderr } = await studio.ended;
  expect(code).toBe(0);
  expect(stderr).toContain('The studio has ended');
});

it('refuses a port that is none', async () => {
  const { code, stderr } = await textcraftor(home, 'studio', '--port', '70000');
  expect(code).toBe(2);
  expect(stderr).toContain('70000');
});
