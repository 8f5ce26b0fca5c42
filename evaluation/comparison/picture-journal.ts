import { appendFile, readFile, truncate } from 'node:fs/promises';
import { sha256 } from '../../common/files.ts';
import type { PictureScores } from './judge-pictures.ts';

/** Results of a batch of pictures under one arm. */
export interface Part {
  scores: PictureScores;
  /** [pictures, width] */
  embeddings: Float32Array;
  /** Pictures to keep, as PNG files, by their index in the batch. */
  files: Record<number, Uint8Array>;
}

/** A part in JSON; numbers are base64 of their bytes, so that they are restored exactly. */
interface Line {
  arm: string;
  first: number;
  scores: Record<string, string>;
  embeddings: string;
  files: Record<string, string>;
}

/**
 * Records the results of an experiment in the scratch folder of its stage, so that an attempt after a killed one begins
 * where that ended. Each part is a line behind its digest; whatever follows a torn or damaged line is made again.
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

  /** Returns whether the part that begins with the picture `first` is recorded. */
  has(arm: string, first: number): boolean {
    return this.#parts.has(nameOf(arm, first));
  }

  /** Returns the part; the journal then holds it only in its file. */
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
/** Copies the bytes, since numbers must begin at a multiple of their size. */
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, 'base64'));

function mapValues<From, To>(record: Record<string, From>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
