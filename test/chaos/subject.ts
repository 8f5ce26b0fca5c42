import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { FaultPoint } from '../../common/fault-points.ts';
import { Home } from '../../pipeline/home.ts';
import type { Run } from '../../pipeline/runs.ts';
import { Command, lastRun, processesWith, type Ended } from '../cli/command.ts';
import type { SmallDisk } from './disk.ts';

/** The embedded world with little to do: seconds of work, in which every stage has its turn. */
const SETTINGS = {
  'rollout.prompts': 64,
  'tuneEncoder.steps': 24,
  'tuneEncoder.checkpointEvery': 1,
  'tuneEncoder.keepEvery': 12,
  'alarm.every': 12,
  'alarm.prompts': 8,
  'sweep.prompts': 16,
  'sweep.samplesPerPrompt': 1,
  'sweep.blends': '[1]',
  'evaluate.prompts': 32,
  'evaluate.samplesPerPrompt': 1,
  'evaluate.images': 2,
  'engine.threads': 1,
};
const run = ['run', ...Object.entries(SETTINGS).flatMap(([key, value]) => ['--set', `${key}=${value}`])];
const clock = new URL('clock.mjs', import.meta.url).href;

/** A place in the code at which a process dies, and which time that it comes there. */
export interface Boundary {
  point: FaultPoint;
  time: number;
}

/** A run that faults are done to, in a home folder of its own. */
export class Subject {
  readonly home: Home;
  readonly disk: SmallDisk | undefined;
  /** File whose number is added to every process's clock, in milliseconds. */
  readonly clock: string;
  command: Command;
  /** How often the command was started again. */
  resumed = 0;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #marker: string;

  /** @param boundary where a process of the run dies, once, besides what else is done to it */
  constructor(
    folder: string,
    { disk, boundary }: { disk?: SmallDisk | undefined; boundary?: Boundary | undefined } = {},
  ) {
    this.home = new Home(folder);
    this.disk = disk;
    this.clock = `${folder}.clock`;
    this.#marker = `${folder}.died`;
    const options = `${process.env['NODE_OPTIONS'] ?? ''} --import=${clock}`;
    this.#environment = {
      NODE_OPTIONS: options.trim(),
      CHAOS_CLOCK: this.clock,
      ...(boundary ? { TEXTCRAFTOR_FAULT: `${boundary.point}:${boundary.time}:${this.#marker}` } : {}),
    };
    this.command = this.start(run);
  }

  /** Starts a command in the subject's home. */
  start(args: readonly string[]): Command {
    return new Command(this.home.folder, args, this.#environment);
  }

  /** Whether a process has died at the boundary. */
  get diedAtBoundary(): boolean {
    return existsSync(this.#marker);
  }

  /** A second command for the same configuration. */
  twin(): Command {
    return this.start(run);
  }

  /** Goes on with the run. One that has no record yet is started anew. */
  async resume(): Promise<void> {
    this.resumed++;
    const known = await this.record();
    this.command = this.start(known ? ['resume', known.id] : run);
  }

  async record(): Promise<Run | undefined> {
    return lastRun(this.home.folder).catch(() => undefined);
  }

  /** Whether the command still runs. */
  get running(): boolean {
    return this.command.process.exitCode === null && this.command.process.signalCode === null;
  }

  async ended(): Promise<Ended> {
    return this.command.ended;
  }

  /** Ends in `milliseconds` at the latest. @returns how it ended, or undefined when it still runs */
  async endedWithin(milliseconds: number): Promise<Ended | undefined> {
    const timeout = new AbortController();
    const late = sleep(milliseconds, undefined, { signal: timeout.signal }).catch(() => undefined);
    return Promise.race([this.command.ended, late]).finally(() => timeout.abort());
  }

  /** Process ids of the running stage, of the Temporal server, of everything. */
  async processes(kind: 'stage' | 'server' | 'all'): Promise<number[]> {
    const all = await processesWith(this.home.folder);
    if (kind === 'all') return all;
    const text =
      kind === 'stage' ? fileURLToPath(new URL('../../activities/stage-child.ts', import.meta.url)) : 'start-dev';
    const lines = await Promise.all(all.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
    return all.filter((_, i) => lines[i]!.includes(text) && !lines[i]!.startsWith('sh\0'));
  }

  /** Sends a signal to those of them that are there. @returns how many there were */
  async signal(kind: 'stage' | 'server' | 'all', signal: NodeJS.Signals): Promise<number> {
    const pids = await this.processes(kind);
    for (const pid of pids)
      try {
        process.kill(pid, signal);
      } catch {
        // it has ended by itself
      }
    return pids.length;
  }

  /** Waits until nothing of it runs any more. @returns false when something still does */
  async untilGone(milliseconds = 30_000): Promise<boolean> {
    for (const end = performance.now() + milliseconds; performance.now() < end; await sleep(100))
      if ((await this.processes('all')).length === 0) return true;
    return false;
  }
}
