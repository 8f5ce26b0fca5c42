import { execFile } from 'node:child_process';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { RandomStream } from '../../common/random.ts';
import type { Subject } from './subject.ts';

/** Something bad that happens to a run. Leaves the run's command running, or ended for the caller to resume. */
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

  /** As a new version is deployed: asked to end, with time to do so. */
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

  async 'disk-full'(subject) {
    await subject.disk!.fill();
    await subject.endedWithin(10_000);
    await subject.disk!.empty();
  },

  async 'read-only-store'(subject) {
    await killAll(subject);
    await subject.disk!.setReadOnly(true);
    await subject.resume();
    const end = await subject.endedWithin(60_000);
    await subject.disk!.setReadOnly(false);
    if (end === undefined || end.code === 0) throw new Error('A run on a read-only disk did not fail.');
    if (!/read-only/i.test(end.stderr))
      throw new Error(`The message does not say that the disk is read-only: ${end.stderr}`);
  },
};

/** Faults that need a disk of their own. */
export const needsDisk = new Set(['disk-full', 'read-only-store']);

async function killAll(subject: Subject): Promise<void> {
  await subject.signal('all', 'SIGKILL');
  await subject.ended();
  await subject.untilGone();
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function flipBit(path: string, random: RandomStream): Promise<void> {
  const { size } = await stat(path);
  if (size === 0) return rm(path);
  const bytes = await readFile(path);
  bytes[random.integer(size)]! ^= 1 << random.integer(8);
  await rm(path); // artifacts are read-only
  await writeFile(path, bytes);
}
