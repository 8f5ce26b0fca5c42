import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { FaultPoint } from '../../common/fault-points.ts';
import { knownWorld } from '../../world/known/known-worlds.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { RunRecords, type Run } from '../../pipeline/runs/runs.ts';
import { Command, processesWith, type Ended } from '../cli/command.ts';
import type { SmallDisk } from './disk.ts';

/** The embedded world with little work: seconds, in which every stage runs. */
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
/** The world's own prompts, in a file: inputs that can change. */
const prompts = knownWorld('shapes')
  .prompts()
  .map(({ prompt }) => `${prompt}\n`)
  .join('');
/** Longest time without any change: even on a busy machine, only a hang takes longer. */
const STILL = 600_000;
const run = ['run', ...Object.entries(SETTINGS).flatMap(([key, value]) => ['--set', `${key}=${value}`])];
const clock = new URL('clock.mjs', import.meta.url).href;

/** A fault point at which a process dies, and at which visit. */
export interface Boundary {
  point: FaultPoint;
  time: number;
}

/** A run under faults, in its own home folder. */
export class Subject {
  readonly home: Home;
  readonly disk: SmallDisk | undefined;
  /** File whose number is added to every process's clock, in milliseconds. */
  readonly clock: string;
  command: Command;
  /** File of the run's prompts. */
  readonly inputs: string;
  /** Work folders that are not the run's: started on other inputs, or by other code, and killed. */
  readonly foreignWork = new Set<string>();
  /** Number of restarts of the command. */
  resumed = 0;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #marker: string;

  /** @param boundary where a process of the run dies, once, in addition to other faults */
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
    this.inputs = join(`${folder}.inputs`, 'prompts.txt');
    mkdirSync(dirname(this.inputs), { recursive: true });
    this.restoreInputs();
    this.command = this.start(this.#run);
  }

  get #run(): string[] {
    return [...run, '--prompts', this.inputs];
  }

  /** Restores the original prompts. */
  restoreInputs(): void {
    writeFileSync(this.inputs, prompts);
  }

  /** Starts a command in the subject's home. @param program of another checkout */
  start(args: readonly string[], program?: string): Command {
    return new Command(this.home.folder, args, this.#environment, program);
  }

  /** Whether a process has died at the boundary. */
  get diedAtBoundary(): boolean {
    return existsSync(this.#marker);
  }

  /** A second command for the same configuration. */
  twin(): Command {
    return this.start(this.#run);
  }

  /** Continues the run. Starts it again if its record cannot be read. @param program of another checkout */
  async resume(program?: string): Promise<void> {
    this.resumed++;
    const refused = !this.running && /start the run again/.test(this.command.stderr);
    const known = refused ? undefined : await this.record();
    this.command = this.start(known ? ['resume', known.id] : this.#run, program);
  }

  /** Starts the same command again, beside the running one. */
  second(): Command {
    return this.start(this.command.args);
  }

  /** The record of the run that the command works on: by date it need not be the last, for clocks go backwards. */
  async record(): Promise<Run | undefined> {
    const id = this.#id ?? 'latest';
    return new RunRecords(this.home).read(id).catch(() => undefined);
  }

  get #id(): string | undefined {
    const [name, id] = this.command.args;
    return name === 'resume' ? id : /^Run (\S+)/m.exec(this.command.stdout)?.[1];
  }

  /** Whether the command still runs. */
  get running(): boolean {
    return this.command.process.exitCode === null && this.command.process.signalCode === null;
  }

  async ended(): Promise<Ended> {
    return this.command.ended;
  }

  /** Waits at most `milliseconds` for its end. @returns how it ended, or undefined when it still runs */
  async endedWithin(milliseconds: number): Promise<Ended | undefined> {
    const timeout = new AbortController();
    const late = sleep(milliseconds, undefined, { signal: timeout.signal }).catch(() => undefined);
    return Promise.race([this.command.ended, late]).finally(() => timeout.abort());
  }

  /** Waits for its end while anything changes. @returns how it ended, or undefined when nothing has changed for long */
  async endedUnlessStill(milliseconds = STILL): Promise<Ended | undefined> {
    let [seen, since] = ['', performance.now()];
    while (performance.now() - since < milliseconds) {
      const end = await this.endedWithin(1000);
      if (end) return end;
      const now = await this.#traces();
      if (now !== seen) [seen, since] = [now, performance.now()];
    }
    return undefined;
  }

  /** Everything that changes while work goes on: the stages' records and logs, the command's output, checkpoints. */
  async #traces(): Promise<string> {
    const stages = ((await this.record())?.stages ?? []).map(({ status, attempt, progress, items }) => [
      status,
      attempt,
      progress?.step,
      items?.done,
    ]);
    const work = await readdir(this.home.works, { recursive: true }).catch((): string[] => []);
    const { stdout, stderr } = this.command;
    return JSON.stringify([
      stages,
      stdout.length,
      stderr.length,
      work.filter((file) => !file.endsWith('.json')).sort(),
    ]);
  }

  /** Process ids of the running stage, of the Temporal server, of everything. */
  async processes(kind: 'stage' | 'server' | 'all'): Promise<number[]> {
    const all = await processesWith(this.home.folder);
    if (kind === 'all') return all;
    const text =
      kind === 'stage'
        ? fileURLToPath(new URL('../../activities/execution/stage-child.ts', import.meta.url))
        : 'start-dev';
    const lines = await Promise.all(all.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
    return all.filter((_, i) => lines[i]!.includes(text) && !lines[i]!.startsWith('sh\0'));
  }

  /** Sends a signal to those that exist. @returns how many did */
  async signal(kind: 'stage' | 'server' | 'all', signal: NodeJS.Signals): Promise<number> {
    const pids = await this.processes(kind);
    for (const pid of pids)
      try {
        process.kill(pid, signal);
      } catch {
        // it has already ended
      }
    return pids.length;
  }

  /** Waits until all of its processes have ended. @returns false if one has not by then */
  async untilGone(milliseconds = 300_000): Promise<boolean> {
    for (const end = performance.now() + milliseconds; performance.now() < end; await sleep(100))
      if ((await this.processes('all')).length === 0) return true;
    return false;
  }
}
