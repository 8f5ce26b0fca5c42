import { execFile } from 'node:child_process';
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { RandomStream } from '../../common/random.ts';
import type { Ended } from '../cli/command.ts';
import { cutShort, damageSome, filesIn, flipBit, type Damage } from './damage.ts';
import { otherProgram } from './other-code.ts';
import type { Subject } from './subject.ts';

/** A fault that strikes a run. Leaves the run's command running, or ended for the caller to resume. */
export type Fault = (subject: Subject, random: RandomStream) => Promise<void>;

/** Longer than a stage may be silent (workflows/run-pipeline.ts). */
const LONGER_THAN_A_HEARTBEAT = 24_000;
const HOUR = 3_600_000;

export const faults: Record<string, Fault> = {
  /** A crash of the trainer. */
  'kill-stage': async (subject) => void (await subject.signal('stage', 'SIGKILL')),

  async 'kill-worker'(subject) {
    subject.command.process.kill('SIGKILL');
    await subject.ended();
    await subject.untilGone();
  },

  'kill-server': async (subject) => void (await subject.signal('server', 'SIGKILL')),

  async 'kill-stage-and-server'(subject) {
    await Promise.all([subject.signal('stage', 'SIGKILL'), subject.signal('server', 'SIGKILL')]);
  },

  'kill-all': killAll,

  async 'server-away'(subject) {
    await subject.signal('server', 'SIGSTOP');
    await sleep(LONGER_THAN_A_HEARTBEAT);
    await subject.signal('server', 'SIGCONT');
  },

  /** Like a deployment: asks the process to end, with time to do so. */
  async deploy(subject) {
    subject.command.process.kill('SIGTERM');
    await subject.ended();
  },

  /** The next allocation of the stage's process fails. */
  async 'out-of-memory'(subject) {
    for (const pid of await subject.processes('stage')) {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      const kilobytes = Number(/VmSize:\s+(\d+)/.exec(status)?.[1] ?? 0);
      if (kilobytes > 0)
        await promisify(execFile)('prlimit', ['--pid', `${pid}`, `--as=${kilobytes * 1024}`]).catch(() => {});
    }
  },

  async 'bit-in-checkpoint'(subject, random) {
    await subject.signal('stage', 'SIGSTOP');
    const files = await filesIn(join(subject.home.folder, 'work'));
    const last = files
      .filter((file) => /checkpoint-\d+\/.*\.safetensors$/.test(file))
      .sort()
      .at(-1);
    if (last) await flipBit(last, random);
    await subject.signal('stage', 'SIGKILL');
  },

  async 'bit-in-artifact'(subject, random) {
    await killAll(subject);
    const files = (await filesIn(subject.home.artifacts)).sort();
    if (files.length > 0) await flipBit(random.choice(files), random);
  },

  async 'clock-forwards'(subject) {
    await writeFile(subject.clock, `${HOUR}`);
  },

  async 'clock-backwards'(subject) {
    await writeFile(subject.clock, `${-HOUR}`);
  },

  /** Another command for the same configuration while this one works. */
  async twin(subject) {
    const other = subject.twin();
    const { code, stderr } = await other.ended;
    if (code !== 0) throw new Error(`The second command ended with exit code ${code}: ${stderr}`);
  },

  'cut-file': (subject, random) => damaging(cutShort)(subject, random),
  'flip-file': (subject, random) => damaging(flipBit)(subject, random),

  hangup: (subject, random) => signalling('SIGHUP', 129)(subject, random),
  interrupt: (subject, random) => signalling('SIGINT', 130)(subject, random),

  async pause(subject) {
    const { code } = await tell(subject, 'pause');
    await sleep(2000);
    if (code === 0) await tell(subject, 'resume');
  },

  async cancel(subject) {
    const { code } = await tell(subject, 'cancel');
    const end = code === 0 ? await subject.endedUnlessStill() : undefined;
    if (code === 0 && end?.code !== 130 && end?.code !== 0)
      throw new Error(`A cancelled run ended with ${describe(end)}.`);
  },

  /** One of them continues the run, and the other says so. */
  async 'two-resumes'(subject) {
    await killAll(subject);
    await subject.resume();
    const [one, other] = [subject.command, subject.second()];
    const first = await Promise.race([one.ended, other.ended]);
    if (first.code === 0) return void (await Promise.all([one.ended, other.ended]));
    if (!/works on run/.test(first.stderr)) throw new Error(`One of two resumes ended with ${describe(first)}.`);
    if (first === (await Promise.race([one.ended, undefined]))) subject.command = other;
  },

  /** A command with other prompts runs in between. Its results are not the run's. */
  async 'inputs-change'(subject) {
    await killAll(subject);
    await appendFile(subject.inputs, 'a prompt that was not there\n');
    await asAnother(subject);
    subject.restoreInputs();
    await subject.resume();
  },

  /** Accepts a refusal in a sentence, or the same digests. */
  async 'other-code'(subject) {
    await killAll(subject);
    const end = await asAnother(subject, await otherProgram(dirname(subject.home.folder)));
    await subject.resume();
    if (end && end.code !== 0 && /unexpected/.test(end.stderr)) throw new Error(`Other code gave ${describe(end)}`);
  },

  /** Longer than any retries: the run ends, and says how to continue. */
  async 'disk-full-for-long'(subject) {
    await subject.disk!.fill();
    const end = await subject.endedUnlessStill();
    if (end === undefined) await killAll(subject);
    await subject.disk!.empty();
    if (end === undefined) throw new Error('A run on a full disk hangs.');
    if (end.code !== 0 && !/full/i.test(end.stderr) && !/resume/.test(end.stderr))
      throw new Error(`A run on a full disk ended with ${describe(end)}`);
  },

  async 'disk-full'(subject) {
    await subject.disk!.fill();
    await subject.endedWithin(10_000);
    await subject.disk!.empty();
  },

  async 'read-only-store'(subject) {
    await killAll(subject);
    await subject.disk!.setReadOnly(true);
    await subject.resume();
    const end = await subject.endedUnlessStill();
    await subject.disk!.setReadOnly(false);
    if (end === undefined || end.code === 0) throw new Error('A run on a read-only disk did not fail.');
    if (!/read-only/i.test(end.stderr))
      throw new Error(`The message does not say that the disk is read-only: ${end.stderr}`);
  },
};

/** Faults that need a separate disk. */
export const needsDisk = new Set(['disk-full', 'disk-full-for-long', 'read-only-store']);

async function killAll(subject: Subject): Promise<void> {
  await subject.signal('all', 'SIGKILL');
  await subject.ended();
  await subject.untilGone();
}

/** Damages files of some kinds, and checks that the command then reports or mends them. */
const damaging =
  (damage: Damage): Fault =>
  async (subject, random) => {
    await killAll(subject);
    const kinds = await damageSome(subject, random, damage);
    await subject.resume();
    const end = await subject.endedWithin(8000);
    if (end && /unexpected/.test(end.stderr)) throw new Error(`With ${kinds.join(', ')} damaged: ${end.stderr}`);
  };

/** Sends a signal to the command alone, which must then end everything. */
const signalling =
  (signal: NodeJS.Signals, code: number): Fault =>
  async (subject) => {
    if (!subject.command.process.kill(signal)) return;
    const end = await subject.endedUnlessStill();
    // It may have ended before the signal.
    if (end?.code !== code && end?.code !== 0) throw new Error(`${signal} ended the command with ${describe(end)}.`);
    if (!(await subject.untilGone())) throw new Error(`${signal} has left processes.`);
  };

/** Continues the run for a while under the change. Work started then has other keys, and nobody finishes it. */
async function asAnother(subject: Subject, program?: string): Promise<Ended | undefined> {
  const before = await readdir(subject.home.works).catch((): string[] => []);
  await subject.resume(program);
  const end = await subject.endedWithin(10_000);
  await killAll(subject);
  for (const name of await readdir(subject.home.works).catch((): string[] => []))
    if (!before.includes(name)) subject.foreignWork.add(name);
  return end;
}

/** Runs another command on the run. @returns how it ended; a command that came too late is refused in a sentence */
async function tell(subject: Subject, ...args: string[]): Promise<Ended> {
  const end = await subject.start(args).ended;
  if (end.code !== 0 && !/^textcraftor: [^\n]+\n$/.test(end.stderr))
    throw new Error(`${args.join(' ')} ended with ${describe(end)}`);
  return end;
}

const describe = (end: Ended | undefined): string =>
  end === undefined ? 'nothing: it hangs' : `exit code ${end.code ?? end.signal}: ${end.stderr}`;
