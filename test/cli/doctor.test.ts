import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

function doctor(environment: Record<string, string>) {
  const env = { ...process.env, ...environment };
  const run = spawnSync(process.execPath, ['cli/textcraftor.mjs', 'doctor', '--json'], {
    cwd: root,
    encoding: 'utf8',
    env,
  });
  const result = JSON.parse(run.stdout) as { ok: boolean; checks: { name: string; status: string; found: string }[] };
  return {
    status: run.status,
    ok: result.ok,
    check: (name: string) => result.checks.find((check) => check.name === name),
  };
}

it('finds TensorFlow and Temporal in a checkout that is set up', () => {
  const { check } = doctor({ TEMPORAL_ADDRESS: '' });
  expect(check('tensorflow')).toMatchObject({ status: 'ok', found: expect.stringContaining('2.21.0') as string });
  expect(check('temporal')).toMatchObject({ status: 'ok', found: expect.stringMatching(/temporal/i) as string });
  expect(check('node')?.found).toContain(process.version);
});

it('fails when the Temporal server that is named does not answer', () => {
  const { status, ok, check } = doctor({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
  expect({ status, ok }).toEqual({ status: 1, ok: false });
  expect(check('temporal')).toMatchObject({
    status: 'failed',
    found: expect.stringContaining('127.0.0.1:1') as string,
  });
});
