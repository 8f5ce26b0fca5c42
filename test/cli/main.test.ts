import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

function textcraftor(...args: string[]) {
  const env = { ...process.env, TEXTCRAFTOR_DEBUG: '' };
  return spawnSync(process.execPath, ['cli/textcraftor.mjs', ...args], { cwd: root, encoding: 'utf8', env });
}

describe('textcraftor', () => {
  it('is run by npx in the checkout', () => {
    const shown = spawnSync('npx', ['--no-install', 'textcraftor', '--version'], { cwd: root, encoding: 'utf8' });
    expect(shown.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(shown.status).toBe(0);
  });

  it('exits with 2 and the nearest command for a command that does not exist', () => {
    const run = textcraftor('doctr');
    expect(run.status).toBe(2);
    expect(run.stderr).toContain("unknown command 'doctr'");
    expect(run.stderr).toContain('doctor');
    expect(run.stdout).toBe('');
  });

  it('exits with 2 and the nearest option for an option that does not exist', () => {
    const run = textcraftor('doctor', '--jsn');
    expect(run.status).toBe(2);
    expect(run.stderr).toContain('--json');
  });

  it('exits with 2 and its help when it is called with nothing', () => {
    const run = textcraftor();
    expect(run.status).toBe(2);
    expect(run.stderr).toContain('Usage: textcraftor');
  });

  it('has help for every command', () => {
    const help = textcraftor('--help');
    expect(help.status).toBe(0);
    const commands = [...help.stdout.matchAll(/^ {2}([a-z]+)\b.*$/gm)].map((match) => match[1]!);
    expect(commands).toContain('doctor');
    expect(help.stderr).toBe('');
  });
});
