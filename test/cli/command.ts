import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Home } from '../../pipeline/runs/home.ts';
import { RunRecords, type Run } from '../../pipeline/runs/runs.ts';
import { filesBelow, unlessStalled } from '../setup/watchdog.ts';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const command = path('../../cli/textcraftor.mjs');
/** The arguments of a run of the fixtures' diamond. */
export const diamond = [
  path('../fixtures/pipelines/diamond.yaml'),
  '--pipeline',
  path('../fixtures/pipelines/diamond.ts'),
];

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A `textcraftor` command that works in `home`, on its own server. */
export class Command {
  readonly process: ChildProcess;
  readonly args: readonly string[];
  readonly #home: string;
  readonly #ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  /** @param program of another checkout */
  constructor(home: string, args: readonly string[], more: NodeJS.ProcessEnv = {}, program = command) {
    this.args = args;
    this.#home = home;
    // As typed by a person: the tests are started by npm.
    const { TEMPORAL_ADDRESS: _, npm_command: __, npm_lifecycle_event: ___, ...environment } = process.env;
    this.process = spawn(process.execPath, [program, ...args], {
      env: { ...environment, TEXTCRAFTOR_HOME: home, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout!.on('data', (data: Buffer) => (this.stdout += data.toString()));
    this.process.stderr!.on('data', (data: Buffer) => (this.stderr += data.toString()));
    this.#ended = once(this.process, 'close').then(([code, signal]) => {
      const { stdout, stderr } = this;
      return { code: code as number | null, signal: signal as NodeJS.Signals | null, stdout, stderr };
    });
  }

  /** Waits for its end, for as long as it writes anything. @throws Error when it no longer does */
  get ended(): Promise<Ended> {
    const progress = async () => [this.stdout, this.stderr, await filesBelow(this.#home)];
    return unlessStalled(`textcraftor ${this.args.join(' ')}`, this.#ended, { progress });
  }
}

export const textcraftor = (home: string, ...args: string[]): Promise<Ended> => new Command(home, args).ended;

/** The last run's record, read directly: starting a command takes longer than a small run. */
export const lastRun = (home: string): Promise<Run> => new RunRecords(new Home(home)).read('latest');

/** Processes that have `text` in their command line or environment. Linux only; elsewhere none are found. */
export async function processesWith(text: string): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const files = await Promise.all(
        ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
      );
      return files.some((content) => content.includes(text)) ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}
