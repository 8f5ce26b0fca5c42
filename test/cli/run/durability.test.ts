import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../setup/temporary-folder.ts';
import { Command, diamond, lastRun, processesWith, textcraftor } from '../command.ts';
import { filesBelow, until } from '../../setup/watchdog.ts';

// Whatever is killed, a run ends with the digests of an undisturbed one, and leaves no process behind.

/** A run whose stage `left` waits in the middle of its work until it is released. */
function run(home: string, block: boolean): Command {
  const waiting = ['--set', `left.gate=${join(home, 'gate')}`, '--set', `left.block=${block}`];
  const command = new Command(home, ['run', ...diamond, ...steps, ...waiting]);
  onTestFinished(() => void command.process.kill('SIGKILL')); // it has already ended if all went well
  return command;
}
const steps = ['--set', 'left.steps=6', '--set', 'left.milliseconds=250'];
const letPass = (home: string) => writeFile(join(home, 'gate'), '');

const untilHalfDone = (home: string) =>
  until(
    'half of the steps',
    async () => (await lastRun(home).catch(() => undefined))?.stages[1]?.progress?.step,
    (step) => step === 3,
    { progress: () => filesBelow(home) },
  );
const untilGone = (home: string) =>
  until(
    'its processes to end',
    () => processesWith(home),
    (pids) => pids.length === 0,
  );
const digests = async (home: string) =>
  Object.fromEntries((await lastRun(home)).stages.map(({ name, artifact }) => [name, artifact?.sha256]));
const statuses = async (home: string) => (await lastRun(home)).stages.map(({ status }) => status);
const leftLog = async (home: string) => readFile(join((await lastRun(home)).folder, 'logs', 'left.log'), 'utf8');
const pidOf = (log: string): number =>
  Number(
    log
      .match(/pid \d+/g)!
      .at(-1)!
      .slice('pid '.length),
  );

let undisturbed: Awaited<ReturnType<typeof digests>>;
let warmHome: string;
/** A home without results. The workflows are bundled in it, which would take most of a run's time. */
async function newHome(): Promise<string> {
  const home = await temporaryFolder();
  for (const name of ['workflows', 'code.json'])
    await cp(join(warmHome, name), join(home, name), { recursive: true, preserveTimestamps: true });
  return home;
}

describe('a run', () => {
  beforeAll(async () => {
    const home = (warmHome = await mkdtemp(join(tmpdir(), 'textcraftor-test-')));
    expect((await textcraftor(home, 'run', ...diamond, ...steps)).code).toBe(0);
    undisturbed = await digests(home);
    return () => rm(home, { recursive: true });
  });

  it('ends with exit code 0, and reuses everything when it is started again', async () => {
    const home = await newHome();
    const first = await textcraftor(home, 'run', ...diamond, '--json');
    expect(first.code).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({
      status: 'completed',
      stages: Array.from({ length: 4 }, () => ({ status: 'ran' })),
    });
    const second = await textcraftor(home, 'run', ...diamond);
    expect(second.stdout).toContain('Nothing to do: every stage has a result.');
    expect(await statuses(home)).toEqual(['reused', 'reused', 'reused', 'reused']);
    await untilGone(home);

    const trace = await textcraftor(home, 'trace', 'latest/join', '--json');
    expect(JSON.parse(trace.stdout)).toMatchObject({
      inputs: [{ inputs: [{ result: { parts: { stage: 'source' } } }] }, {}],
    });
    const [run] = (JSON.parse((await textcraftor(home, 'list', '--json')).stdout) as { runs: { run: string }[] }).runs;
    expect((await textcraftor(home, 'logs', run!.run, 'join')).stdout).toContain('starts after step 0');
  });

  it('survives the death of the process of a stage', async () => {
    const home = await newHome();
    const command = run(home, true);
    await untilHalfDone(home);
    process.kill(pidOf(await leftLog(home)), 'SIGKILL');
    await letPass(home);
    expect((await command.ended).code).toBe(0);
    expect(await leftLog(home)).toMatch(/killed by SIGKILL[^]*attempt 2[^]*starts after step 3/);
    expect(await digests(home)).toEqual(undisturbed);
  });

  it('continues from the checkpoint when everything was killed', async () => {
    const home = await newHome();
    const command = run(home, true);
    await untilHalfDone(home);
    command.process.kill('SIGKILL');
    expect((await command.ended).signal).toBe('SIGKILL');
    await untilGone(home);
    expect(await lastRun(home)).toMatchObject({
      status: 'interrupted',
      stages: [{}, { status: 'interrupted' }, {}, {}],
    });
    await letPass(home);
    expect((await textcraftor(home, 'resume', 'latest')).code).toBe(0);
    expect(await leftLog(home)).toMatch(/starts after step 0[^]*starts after step 3/);
    expect(await digests(home)).toEqual(undisturbed);
  });

  it('ends with exit code 130 when it is interrupted, and continues when it is resumed', async () => {
    const home = await newHome();
    const command = run(home, false);
    await untilHalfDone(home);
    command.process.kill('SIGINT');
    const ended = await command.ended;
    expect(ended.code).toBe(130);
    expect(ended.stderr).toMatch(
      /^textcraftor: Run diamond-\S+ was interrupted; continue with: textcraftor resume diamond-\S+\n$/,
    );
    await untilGone(home);
    expect(await lastRun(home)).toMatchObject({ status: 'cancelled', stages: [{}, { status: 'cancelled' }, {}, {}] });
    await letPass(home);
    expect((await textcraftor(home, 'resume')).code).toBe(0);
    expect(await digests(home)).toEqual(undisturbed);
  });

  it('can be cancelled from elsewhere', async () => {
    const home = await newHome();
    const command = run(home, false);
    await untilHalfDone(home);
    expect((await textcraftor(home, 'resume')).stderr).toMatch(/Process \d+ on \S+ works on run/);
    expect(await textcraftor(home, 'cancel')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('is cancelled'),
    });
    expect((await command.ended).code).toBe(130);
    await untilGone(home);
  });

  it('stops when it is paused, and continues from the checkpoint when it is resumed', async () => {
    const home = await newHome();
    const command = run(home, false);
    await untilHalfDone(home);
    const paused = await textcraftor(home, 'pause');
    expect(paused.stdout).toMatch(/^Run diamond-\S+ is paused; continue with: textcraftor resume diamond-\S+\n$/);
    expect((await lastRun(home)).status).toBe('paused');
    expect((await textcraftor(home, 'status')).stdout).toMatch(/: paused\n/);
    expect(command.process.exitCode).toBeNull();
    await letPass(home);
    expect((await textcraftor(home, 'resume')).stdout).toContain('continues where it was started');
    expect((await command.ended).code).toBe(0);
    expect(await leftLog(home)).toMatch(/starts after step 0[^]*starts after step 3/);
    expect(await digests(home)).toEqual(undisturbed);
    expect((await textcraftor(home, 'pause')).stderr).toContain('is completed; there is nothing to pause.');
    await untilGone(home);
  });

  it('keeps the error of a stage that failed, and runs from there with other settings', async () => {
    const home = await newHome();
    const failed = await textcraftor(home, 'run', ...diamond, ...steps, '--set', 'left.fail=InputError');
    expect(failed.code).toBe(2);
    expect(failed.stderr).toMatch(
      /^textcraftor: step 1 failed on purpose \(continue with: textcraftor resume \S+\)\n$/,
    );
    const { error } = await lastRun(home);
    expect(await statuses(home)).toEqual(['ran', 'failed', 'ran', 'pending']);
    expect(error).toEqual({ name: 'InputError', message: 'step 1 failed on purpose' });
    expect((await textcraftor(home, 'resume', '--set', 'left.failAt=99')).code).toBe(0);
    expect(await statuses(home)).toEqual(['reused', 'ran', 'reused', 'ran']);
    expect(await digests(home)).toEqual(undisturbed);
    await untilGone(home);
  });
});

describe('bad input', () => {
  it.each([
    [['run', 'none.yaml'], 'Configuration none.yaml: there is no such file.'],
    [['run', '--set', 'seeed=1'], 'configs/tiny.yaml: unknown key "seeed"; did you mean "seed"?'],
    [
      ['run', '--prompts', 'none.txt', '--set', 'sweep.chooseBy=heldOut'],
      'none.txt: no such file or folder; expected .txt',
    ],
    [['plan', ...diamond, '--set', 'left.stepps=1'], 'unknown key "left.stepps"; did you mean "left.steps"?'],
    [['run', 'x.yaml', '--pipeline', 'none.ts'], 'none.ts cannot be loaded'],
    [['status', 'mine'], 'start one with: textcraftor run'],
    [['trace', '12345'], 'give at least 6 digits'],
    [['worker', '--queue', 'fast'], '--queue is "fast"; expected one of all, pipeline, engine.'],
  ])('gets a sentence and exit code 2 (%#)', async (args, message) => {
    const home = await temporaryFolder();
    const { code, stderr } = await textcraftor(home, ...args);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(code).toBe(2);
  });
});
