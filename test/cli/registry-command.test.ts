import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../setup/temporary-folder.ts';
import { lastRun, textcraftor } from './command.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/pipelines/${name}`, import.meta.url));

/** A run on `count` prompts: the more there are, the better its encoder. */
async function learn(home: string, count: number, ...args: string[]) {
  const prompts = join(home, 'prompts.txt');
  await writeFile(prompts, Array.from({ length: count }, (_, i) => `prompt ${i}\n`).join(''));
  const config = [fixture('learn.yaml'), '--pipeline', fixture('learn.ts'), '--prompts', prompts];
  return textcraftor(home, 'run', ...config, ...args);
}
const json = async (home: string, ...args: string[]) =>
  JSON.parse((await textcraftor(home, ...args, '--json')).stdout) as Record<string, unknown>;

describe('a run', () => {
  it('registers its encoder, tells the hooks, and leaves the promotion to the user', async () => {
    const home = await temporaryFolder();
    const told = join(home, 'told.jsonl');
    const hook = `notify=[{"command":["sh","-c","cat >> ${told}; echo >> ${told}"]},{"command":["false"]}]`;
    const first = await learn(home, 3, '--set', hook);
    expect(first.stderr).toBe('');
    expect(first.stdout).toContain(
      'Encoder: learn@1, a candidate; promote it to production with: textcraftor registry promote learn@1',
    );
    const run = await lastRun(home);
    expect(JSON.parse(await readFile(told, 'utf8'))).toMatchObject({
      event: 'completed',
      run: run.id,
      registered: { name: 'learn', version: 1 },
    });
    const deliveries = (await readFile(join(run.folder, 'notifications.jsonl'), 'utf8')).trim().split('\n');
    expect(deliveries.map((line) => (JSON.parse(line) as { delivered: boolean }).delivered)).toEqual([true, false]);

    expect(await json(home, 'registry', 'promote', 'candidate')).toMatchObject({ promoted: true, version: 1 });
    const second = await learn(home, 5, '--set', 'registry.promote=auto');
    expect(second.stdout).toContain('Encoder: learn@2, not promoted to production: Version 1 is in production');
    const list = await json(home, 'registry', 'list');
    expect(list).toMatchObject({ learn: { aliases: { candidate: 2, production: 1 }, versions: [{}, {}] } });

    const refused = await textcraftor(home, 'registry', 'promote', '2');
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('learn@2 was not promoted to production:\n  Version 1 is in production');
    const third = await learn(home, 5, '--set', 'registry.promote=auto', '--against', 'production');
    expect(third.stdout).toContain('reuse  tune-encoder');
    expect(third.stdout).toContain('Encoder: learn@3, in production.');
    const back = await textcraftor(home, 'registry', 'rollback');
    expect(back.stdout).toBe('learn@1 is in production again, in place of learn@3.\n');
    expect((await textcraftor(home, 'registry', 'show', '3')).stdout).toContain('production: 3 -> 1');
  });

  it('that fails tells the hooks why', async () => {
    const home = await temporaryFolder();
    const told = join(home, 'told.json');
    const hook = `notify=[{"command":["sh","-c","cat > ${told}"]}]`;
    const { code } = await learn(home, 3, '--set', hook, '--set', 'tuneEncoder.fail=true');
    expect(code).toBe(1);
    expect(JSON.parse(await readFile(told, 'utf8'))).toMatchObject({
      event: 'failed',
      error: { name: 'RunError', message: 'tuning failed on purpose' },
    });
  });
});

describe('a name that is not registered', () => {
  it.each([
    [['registry', 'show', 'production'], 'nothing is registered yet'],
    [['registry', 'list', 'tiny'], 'Nothing is registered as "tiny"; registered: nothing yet.'],
    [['export', '--version', 'production', '--out', 'x'], 'nothing is registered yet'],
    [
      ['generate', '--model', 'm', '--prompt', 'p', '--out', 'x', '--text-encoder', 'production'],
      'nothing is registered yet',
    ],
    [['export', 'latest', '--version', 'production', '--out', 'x'], 'Say which encoder to export'],
  ])('gets a sentence and exit code 2 (%#)', async (args, message) => {
    const { code, stderr } = await textcraftor(await temporaryFolder(), ...args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});
