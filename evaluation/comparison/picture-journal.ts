import { appendFile, readFile, truncate } from 'node:fs/promises';
import { sha256 } from '../../common/files.ts';
import type { PictureScores } from './judge-pictures.ts';

/** What came of a batch of pictures under one arm. */
export interface Part {
  scores: PictureScores;
  /** [pictures, width] */
  embeddings: Float32Array;
  /** Pictures that are kept, as PNG files, by their index in the batch. */
  files: Record<number, Uint8Array>;
}

/** A part in JSON: numbers as base64 of their bytes, so that they come back to the bit. */
interface Line {
  arm: string;
  first: number;
  scores: Record<string, string>;
  embeddings: string;
  files: Record<string, string>;
}

/**
 * What an experiment has found so far, in the scratch folder of its stage: an attempt that follows a killed one begins where
 * that ended. A line for each part, behind its digest; what comes after a line that is torn or damaged is made again.
 */
export class ExperimentJournal {
  readonly #path: string;
  readonly #parts = new Map<string, Line>();

  private constructor(path: string) {
    this.#path = path;
  }

  static async open(path: string): Promise<ExperimentJournal> {
    const journal = new ExperimentJournal(path);
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (bytes) await truncate(path, journal.#read(bytes));
    return journal;
  }

  /** Whether the part is there that begins with the picture `first`. */
  has(arm: string, first: number): boolean {
    return this.#parts.has(nameOf(arm, first));
  }

  /** The part, which the journal then holds in its file only. */
  take(arm: string, first: number): Part | undefined {
    const line = this.#parts.get(nameOf(arm, first));
    this.#parts.delete(nameOf(arm, first));
    return line && partOf(line);
  }

  async add(arm: string, first: number, { scores, embeddings, files }: Part): Promise<void> {
    const line: Line = {
      arm,
      first,
      scores: mapValues(scores, base64),
      embeddings: base64(embeddings),
      files: mapValues(files, base64),
    };
    const text = JSON.stringify(line);
    await appendFile(this.#path, `${sha256(text)} ${text}\n`);
  }

  /** @returns where the last good line ends */
  #read(bytes: Buffer): number {
    let end = 0;
    for (let next; (next = bytes.indexOf('\n', end)) >= 0; end = next + 1) {
      const text = bytes.toString('utf8', end + digestLength + 1, next);
      if (bytes.toString('latin1', end, end + digestLength) !== sha256(text)) break;
      const line = JSON.parse(text) as Line;
      this.#parts.set(nameOf(line.arm, line.first), line);
    }
    return end;
  }
}

const digestLength = 64;
const nameOf = (arm: string, first: number): string => `${first} ${arm}`;

function partOf({ scores, embeddings, files }: Line): Part {
  return {
    scores: mapValues(scores, (text) => new Float64Array(bytesOf(text).buffer)),
    embeddings: new Float32Array(bytesOf(embeddings).buffer),
    files: mapValues(files, bytesOf),
  };
}

const base64 = ({ buffer, byteOffset, byteLength }: Uint8Array | Float32Array | Float64Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');
/** A copy of its own: where numbers begin is a multiple of their size. */
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, 'base64'));

function mapValues<From, To>(record: Record<string, From>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
