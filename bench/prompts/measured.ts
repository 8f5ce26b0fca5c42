import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PairCounts } from './pairs.ts';

/** Cost and outcome of a step. */
export interface Measured {
  /** `textcraftor`, `near`, or a tool of bench/peer/prompts.py, followed by `-tokens` if it counts tokens too. */
  name: string;
  rows: number;
  kept: number;
  /** Seconds. */
  wall: number;
  /** Processor seconds of all threads and processes. */
  cpu: number;
  /** Peak memory of the largest process, in MiB. */
  peakMiB: number;
  seconds?: Record<string, { wall: number; cpu: number }>;
  pairs?: PairCounts;
  stream?: Record<string, number | string>;
}

/** The results in a folder: one file per step, written as soon as the step is done. */
export class Results {
  readonly #folder: string;

  constructor(work: string) {
    this.#folder = join(work, 'results');
  }

  async save(one: Measured): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await writeFile(join(this.#folder, `${one.name}-${one.rows}.json`), `${JSON.stringify(one)}\n`);
  }

  /** All results present, including those of earlier runs, fewest rows first. */
  async all(): Promise<Measured[]> {
    const names = (await readdir(this.#folder).catch(() => [])).sort();
    const texts = await Promise.all(names.map((name) => readFile(join(this.#folder, name), 'utf8')));
    return texts.map((text) => JSON.parse(text) as Measured).sort((a, b) => a.rows - b.rows);
  }
}

export interface Ratio {
  name: string;
  rows: number;
  /** The tool's processor seconds, seconds and peak memory over those of textcraftor on the same rows. */
  cpu: number;
  wall: number;
  memory: number;
  sameKept: boolean;
}

/** Compares each other tool with textcraftor's own work without near duplicates, which they do not look for. */
export function ratios(results: readonly Measured[]): Ratio[] {
  return results
    .filter(({ name }) => name !== 'textcraftor' && name !== 'near')
    .flatMap((peer) => {
      const own = results.find(({ name, rows }) => name === 'textcraftor' && rows === peer.rows);
      if (!own) return [];
      return {
        name: peer.name,
        rows: peer.rows,
        cpu: peer.cpu / own.cpu,
        wall: peer.wall / own.wall,
        memory: peer.peakMiB / own.peakMiB,
        sameKept: peer.kept === own.kept,
      };
    });
}

export interface Growth {
  name: string;
  from: number;
  to: number;
  /** Relative growth of processor seconds and seconds per row from the fewest rows to the most. */
  cpu: number;
  wall: number;
}

export function growth(results: readonly Measured[]): Growth[] {
  return ['textcraftor', 'near'].flatMap((name) => {
    const own = results.filter((one) => one.name === name);
    const [least, most] = [own[0], own.at(-1)];
    if (!least || !most || least === most) return [];
    const grown = (key: 'cpu' | 'wall'): number => most[key] / most.rows / (least[key] / least.rows) - 1;
    return { name, from: least.rows, to: most.rows, cpu: grown('cpu'), wall: grown('wall') };
  });
}
