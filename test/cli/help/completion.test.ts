import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../setup/temporary-folder.ts';
import { textcraftor } from '../command.ts';

let folder: string;
let scripts: Promise<Record<string, string>> | undefined;
async function writeScripts(): Promise<Record<string, string>> {
  const written: Record<string, string> = {};
  for (const shell of ['bash', 'zsh', 'fish'])
    written[shell] = (await textcraftor(join(folder, 'home'), 'completion', shell)).stdout;
  return written;
}
beforeEach(async () => {
  folder = await temporaryFolder();
  for (const [shell, text] of Object.entries(await (scripts ??= writeScripts())))
    await writeFile(join(folder, shell), text);
  for (const run of ['tiny-20261124-101500', 'tiny-20261125-101500', 'other-1'])
    await mkdir(join(folder, '.textcraftor/runs', run), { recursive: true });
});

function shell(program: string, ...args: string[]): string[] {
  const { TEXTCRAFTOR_HOME: _, ...env } = process.env;
  const { stdout, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: 'utf8', env });
  expect([stderr, error]).toEqual(['', undefined]);
  return stdout.split('\n').filter((line) => line !== '');
}
const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

/** What a real bash completes after these words, the last of which is not finished. */
const bash = (...words: string[]): string[] =>
  shell(
    'bash',
    ...['--norc', '-c'],
    `source ./bash
     complete -p textcraftor | grep -q -- '-F _textcraftor' || exit 1
     COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _textcraftor; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ...['bash', 'textcraftor', ...words],
  );

describe('completion', () => {
  it('in bash knows the commands and those below them', () => {
    expect(bash('re')).toEqual(['resume', 'report', 'registry']);
    expect(bash('config', '')).toEqual(['show', 'schema']);
    expect(bash('registry', 'pro')).toEqual(['promote']);
  });

  it('in bash knows the options of a command, and their values', () => {
    expect(bash('run', '--de')).toEqual(['--detach']);
    expect(bash('registry', 'promote', 'tiny@3', '--')).toEqual(['--force', '--json', '--help']);
    expect(bash('report', '--open', '')).toEqual(['yes', 'no']);
    expect(bash('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  it('in bash knows the runs, and leaves files to the shell', () => {
    expect(bash('status', 'tiny')).toEqual(['tiny-20261124-101500', 'tiny-20261125-101500']);
    expect(bash('compare', 'other-1', 'la')).toEqual(['latest']);
    expect(bash('plan', 'co')).toEqual([]);
    expect(bash('run', '--prompts', 're')).toEqual([]);
  });

  it.skipIf(!has('zsh'))('in zsh is a script that it understands', () => {
    expect(shell('zsh', '-f', '-n', './zsh')).toEqual([]);
    const loaded = 'autoload -Uz compinit && compinit -D; source ./zsh; echo $_comps[textcraftor]';
    expect(shell('zsh', '-f', '-c', loaded)).toEqual(['_textcraftor']);
  });

  it.skipIf(!has('fish'))('in fish knows commands, options, values and runs', () => {
    const fish = (line: string): string[] =>
      shell('fish', '--no-config', '-c', `source ./fish; complete -C '${line}'`).map((each) => each.split('\t')[0]!);
    expect(fish('textcraftor registry pro')).toEqual(['promote']);
    expect(fish('textcraftor run --de')).toEqual(['--detach']);
    expect(fish('textcraftor report --open ')).toEqual(['no', 'yes']);
    expect(fish('textcraftor status tiny')).toEqual(['tiny-20261124-101500', 'tiny-20261125-101500']);
  });

  it('is refused for another shell', async () => {
    expect(await textcraftor(join(folder, 'home'), 'completion', 'tcsh')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Allowed choices are bash, zsh, fish') as string,
    });
  });
});
