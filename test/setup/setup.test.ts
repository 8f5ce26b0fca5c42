import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findCompiler } from '../../scripts/setup/compiler.mjs';
import { findPython } from '../../scripts/setup/python.mjs';
import { findTemporal } from '../../scripts/setup/temporal.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;

/** An executable file that prints `output`, or fails. */
function command(name: string, output: string | undefined): string {
  const path = join(folder, name);
  writeFileSync(path, output === undefined ? '#!/bin/sh\nexit 1\n' : `#!/bin/sh\necho '${output}'\n`);
  chmodSync(path, 0o755);
  return path;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'setup-'));
  for (const name of ['PYTHON', 'CXX', 'TEMPORAL_ADDRESS', 'TEMPORAL_CLI']) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe('set-up', () => {
  it('does nothing in a checkout that is set up', () => {
    const run = spawnSync(process.execPath, ['scripts/setup.mjs', '--quiet'], { cwd: root, encoding: 'utf8' });
    expect(run).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  it('names an option that it does not know', () => {
    const run = spawnSync(process.execPath, ['scripts/setup.mjs', '--gpus'], { cwd: root, encoding: 'utf8' });
    expect(run.status).toBe(1);
    expect(run.stderr).toContain('Unknown option --gpus');
    expect(run.stderr).toContain('--gpu, --cpu');
  });

  it('skips a Python that is too old', () => {
    vi.stubEnv('PATH', folder);
    command('python3', '3.8.20');
    expect(findPython()).toBeUndefined();
    command('python', '3.9.2');
    expect(findPython()).toMatchObject({ command: 'python', version: '3.9.2' });
  });

  it('prefers the named Python and compiler, with the arguments of the latter', () => {
    vi.stubEnv('PYTHON', command('my-python', '3.13.0'));
    vi.stubEnv('CXX', `${command('my-compiler', 'My C++ 1.0')} -march=native`);
    expect(findPython()?.command).toBe(join(folder, 'my-python'));
    expect(findCompiler()).toEqual({
      command: join(folder, 'my-compiler'),
      args: ['-march=native'],
      version: 'My C++ 1.0',
    });
  });

  it('finds no compiler if there is none', () => {
    vi.stubEnv('PATH', folder);
    command('c++', undefined);
    expect(findCompiler()).toBeUndefined();
  });
});

describe('Temporal', () => {
  it('is the server of TEMPORAL_ADDRESS before the command of TEMPORAL_CLI', () => {
    vi.stubEnv('TEMPORAL_CLI', command('my-temporal', 'temporal'));
    expect(findTemporal()).toEqual({ source: 'TEMPORAL_CLI', value: join(folder, 'my-temporal') });
    vi.stubEnv('TEMPORAL_ADDRESS', 'temporal.example:7233');
    expect(findTemporal()).toEqual({ source: 'TEMPORAL_ADDRESS', value: 'temporal.example:7233' });
  });

  it('is an error when TEMPORAL_CLI cannot be run', () => {
    vi.stubEnv('TEMPORAL_CLI', join(folder, 'nowhere'));
    expect(() => findTemporal()).toThrow(/TEMPORAL_CLI names .*nowhere, which is not an executable file/);
    mkdirSync(join(folder, 'nowhere'));
    expect(() => findTemporal()).toThrow(/not an executable file/);
  });
});
