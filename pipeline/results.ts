import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, writeFileAtomic } from '../common/files.ts';
import type { KeyParts } from './key.ts';
import type { Artifact } from './stage.ts';

/** What a stage once made, and all that it made it of. */
export interface StageResult {
  key: string;
  parts: KeyParts;
  artifact: Artifact;
  /** Input stage -> key of the result whose artifact was read. */
  inputKeys: Record<string, string>;
  /** The run that made it. */
  run: string;
  /** How long the last attempt took. */
  seconds: number;
  /** ISO 8601. */
  createdAt: string;
}

/** Results by stage and key. A failure has no result. */
export class ResultIndex {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async find(stage: string, key: string): Promise<StageResult | undefined> {
    return readResult(join(this.#folder, stage, `${key}.json`));
  }

  async save(result: StageResult): Promise<void> {
    await writeFileAtomic(join(this.#folder, result.parts.stage, `${result.key}.json`), canonicalJson(result));
  }

  /** The results of one stage or of all, newest first. */
  async list(stage?: string): Promise<StageResult[]> {
    const stages = stage === undefined ? await namesIn(this.#folder) : [stage];
    const results: StageResult[] = [];
    for (const name of stages)
      for (const file of await namesIn(join(this.#folder, name))) {
        const result = file.endsWith('.json') ? await readResult(join(this.#folder, name, file)) : undefined;
        if (result) results.push(result);
      }
    return results.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  }
}

async function readResult(path: string): Promise<StageResult | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as StageResult;
  } catch {
    return undefined; // not there, or not readable: the work is done again
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).toSorted();
}
