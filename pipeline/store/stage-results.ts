import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { faultPoint } from '../../common/fault-points.ts';
import { pathSegment } from '../../common/identifiers.ts';
import { readSealed, writeSealed } from '../../common/files/sealed.ts';
import type { StageWork, StartUps, Artifact } from '../stage.ts';
import type { KeyParts } from '../keys/key.ts';

/** A stage's earlier result and everything that it was made from. */
export interface StageResult {
  key: string;
  parts: KeyParts;
  artifact: Artifact;
  /** Key of the result read from each input stage. */
  inputKeys: Record<string, string>;
  /** The run that made it. */
  run: string;
  /** Duration of the last attempt. */
  seconds: number;
  /** Amount of work, if known. */
  work?: StageWork;
  /** The part of `seconds` before the work began, if known. */
  startUps?: StartUps;
  /** Name of the machine that did it. */
  host?: string;
  /** ISO 8601. */
  createdAt: string;
  /** Id of the request that it answered: the same request never makes it again. */
  request?: string;
}

/** Earlier result of one item of a stage that fans out, or the list of its items. */
export interface ItemResult extends Omit<StageResult, 'parts' | 'inputKeys' | 'work' | 'startUps' | 'host'> {
  stage: string;
  /** The key of the stage. */
  stageKey: string;
  /** Absent for the list. */
  item?: string;
  /** The last metrics of the body. */
  metrics?: Record<string, number>;
}

/** Results by stage and key. Failures are not recorded. */
export class ResultIndex {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async find(stage: string, key: string): Promise<StageResult | undefined> {
    return readResult(this.#file(stage, key));
  }

  async save(result: StageResult): Promise<void> {
    await writeSealed(this.#file(result.parts.stage, result.key), result);
    faultPoint('result-saved');
  }

  async findItem(stage: string, key: string): Promise<ItemResult | undefined> {
    return readResult(this.#itemFile(stage, key));
  }

  async saveItem(result: ItemResult): Promise<void> {
    await writeSealed(this.#itemFile(result.stage, result.key), result);
    faultPoint('result-saved');
  }

  /** Lists the item results of one stage or of all, in no particular order. */
  async listItems(stage?: string): Promise<ItemResult[]> {
    const stages = stage === undefined ? await namesIn(this.#folder) : [stage];
    const results: ItemResult[] = [];
    for (const name of stages) {
      const folder = join(this.#folder, name, 'items');
      for (const part of await namesIn(folder))
        for (const file of await namesIn(join(folder, part))) {
          const result = await readResult<ItemResult>(join(folder, part, file));
          if (result) results.push(result);
        }
    }
    return results;
  }

  async remove({ parts, key }: StageResult): Promise<void> {
    await rm(this.#file(parts.stage, key), { recursive: true, force: true });
  }

  async removeItem({ stage, key }: ItemResult): Promise<void> {
    await rm(this.#itemFile(stage, key), { recursive: true, force: true });
  }

  #file(stage: string, key: string): string {
    return join(this.#folder, pathSegment(stage), pathSegment(`${key}.json`));
  }

  /** Returns an item's file. There may be very many, so they are kept apart and spread over folders. */
  #itemFile(stage: string, key: string): string {
    return join(this.#folder, pathSegment(stage), 'items', pathSegment(key.slice(0, 2)), pathSegment(`${key}.json`));
  }

  /** Lists the results of one stage or of all, newest first. */
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

async function readResult<Result extends object = StageResult>(path: string): Promise<Result | undefined> {
  try {
    return await readSealed<Result>(path);
  } catch {
    return undefined; // missing or altered: the work is done again
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).toSorted();
}
