import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Home } from '../../../pipeline/runs/home.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';
import { until } from '../../setup/watchdog.ts';
import { recordRun } from '../../studio/finished-run.ts';
import { Command } from '../command.ts';

let home: Home;
let programs: string;
beforeEach(async () => {
  const folder = await temporaryFolder();
  home = new Home(join(folder, 'home'));
  programs = join(folder, 'programs');
  await mkdir(home.folder);
  await mkdir(programs);
});

/** Runs the command where the desktop's opener writes down what it was given. */
async function open(...args: string[]) {
  const told = join(programs, 'told');
  for (const name of ['xdg-open', 'open']) {
    await writeFile(
      join(programs, name),
      `#!/bin/sh\nprintf '%s' "$*" > '${told}.part' && mv '${told}.part' '${told}'\n`,
    );
    await chmod(join(programs, name), 0o755);
  }
  const environment = { PATH: `${programs}:${process.env['PATH']}` };
  const ended = await new Command(home.folder, ['open', ...args], environment).ended;
  return { ...ended, told: () => readFile(told, 'utf8').catch(() => '') };
}

describe('textcraftor open', () => {
  it('opens the report of the latest run, and prints its path', async () => {
    const id = await recordRun(home, 80);
    const { code, stdout, told } = await open();
    const path = join(home.run(id), 'report.html');
    expect([code, stdout]).toEqual([0, `${path}\n`]);
    await until('the opener to be called', async () => (await told()) === path);
    expect(await readFile(path, 'utf8')).toContain('<html');
  });

  it('only prints it with --print', async () => {
    const id = await recordRun(home, 80);
    const { stdout, told } = await open(id, '--print', '--json');
    expect(JSON.parse(stdout)).toEqual({ run: id, report: join(home.run(id), 'report.html') });
    expect(await told()).toBe('');
  });

  it('says what a run without a report lacks', async () => {
    await recordRun(home, 80, 2);
    const { code, stderr, told } = await open();
    expect([code, await told()]).toEqual([2, '']);
    expect(stderr).toContain(
      'has no report yet: its stage tune-encoder is pending; continue with: textcraftor resume ',
    );
  });
});
