import { batchFile, lookFile, scheduleFile, type Batch, type Look, type ScheduleFile } from './schedule-files.ts';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, RunError } from '../../common/errors.ts';
import { sha256File } from '../../common/files.ts';
import { identifier, isIdentifier, pathSegment } from '../../common/identifiers.ts';
import { readSealed, writeSealed } from '../../common/files/sealed.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { checkOwn } from '../../pipeline/runs/ownership.ts';

/** A batch's prompts, with the column `prompt`. */
export const PROMPTS_FILE = 'prompts.parquet';
const restoreBatch = "restore it from a copy, or delete the batch's folder, and its prompts count as new";

/** A batch's record, in its folder. */
const BATCH_FILE = 'batch.json';

/** The records of schedules: `schedules/NAME/` with schedule.json and batches/. */
export class Schedules {
  readonly #home: Home;

  constructor(home: Home) {
    this.#home = home;
  }

  folder(name: string): string {
    return join(this.#home.schedules, identifier('schedule', name));
  }

  async save(schedule: ScheduleFile): Promise<void> {
    await writeSealed(this.#file(schedule.name), schedule, 2, 0o600);
  }

  /** Reads a schedule. @throws InputError when there is none */
  async read(name: string): Promise<ScheduleFile> {
    try {
      return await this.#readFile(name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new InputError(
        `There is no schedule "${name}" in ${this.#home.schedules}; list them with: textcraftor schedule list`,
      );
    }
  }

  /** Lists the schedules' names in alphabetical order. */
  async names(): Promise<string[]> {
    const names = await readdir(this.#home.schedules).catch(() => []);
    return names.filter((name) => isIdentifier('schedule', name)).toSorted();
  }

  /** Removes a schedule and the record of the prompts it has used. */
  async remove(name: string): Promise<void> {
    await rm(this.folder(name), { recursive: true, force: true });
  }

  /** Records why a start retrained nothing. */
  async saveLook(name: string, look: Omit<Look, 'at'>): Promise<void> {
    await writeSealed(this.#look(name), { at: new Date().toISOString(), ...look });
  }

  /** Reads why the last start retrained nothing; undefined when it did, and for a damaged record, which is only shown. */
  async look(name: string): Promise<Look | undefined> {
    const path = this.#look(name);
    return readSealed(path).then(
      (found) => lookFile(found, path),
      () => undefined,
    );
  }

  async forgetLook(name: string): Promise<void> {
    await rm(this.#look(name), { force: true });
  }

  /** Lists the batches, oldest first. */
  async batches(name: string): Promise<Batch[]> {
    const folders = (await readdir(this.#batches(name)).catch(() => []))
      .filter((each) => /^\d+$/.test(each))
      .toSorted();
    return Promise.all(
      folders.map(async (each) => {
        const path = join(this.#batches(name), each, BATCH_FILE);
        const batch = batchFile(await readSealed(path, restoreBatch), path);
        if (batch.number === Number(each)) return batch;
        throw new InputError(`${path} belongs to batch ${batch.number}; a batch's folder must bear its number.`);
      }),
    );
  }

  /** Reads a schedule named from outside: its commands and modules must belong to this user. @throws InputError */
  async recorded(name: string): Promise<ScheduleFile> {
    const schedule = await this.read(name);
    for (const path of [this.folder(name), this.#file(name)]) await checkOwn(path);
    return schedule;
  }

  async #readFile(name: string): Promise<ScheduleFile> {
    const path = this.#file(name);
    const advice = `delete the schedule and create it again: textcraftor schedule delete ${name}`;
    const schedule = scheduleFile(await readSealed(path, advice), path);
    if (schedule.name === name) return schedule;
    throw new InputError(`${path} is the record of schedule ${schedule.name}; a schedule's folder must bear its name.`);
  }

  #file(name: string): string {
    return join(this.folder(name), 'schedule.json');
  }

  #look(name: string): string {
    return join(this.folder(name), 'looked.json');
  }

  /** Reads a batch of a schedule. @throws InputError when there is none */
  async batch(name: string, number: number): Promise<Batch> {
    const found = (await this.batches(name)).find((batch) => batch.number === number);
    if (found) return found;
    throw new InputError(`Schedule ${name} no longer has batch ${number}.`);
  }

  /** Verifies and returns the file with a batch's prompts. @throws RunError when it is damaged */
  async prompts(name: string, { number, sha256 }: Pick<Batch, 'number' | 'sha256'>): Promise<string> {
    const path = join(this.batchFolder(name, number), PROMPTS_FILE);
    if (sha256 === undefined || (await sha256File(path).catch(() => '')) === sha256) return path;
    throw new RunError(
      `${path} is damaged: restore it from a copy, or delete the folder of batch ${number}, and its prompts count as new.`,
    );
  }

  /** Creates a folder to make a batch in. */
  async draft(name: string): Promise<string> {
    const folder = join(this.#batches(name), 'draft');
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    return folder;
  }

  /** Turns a draft into the batch by one rename. */
  async commit(name: string, draft: string, batch: Batch): Promise<void> {
    const path = join(draft, PROMPTS_FILE);
    const written = await stat(path).then(
      () => true,
      () => false,
    );
    const whole: Batch = written ? { ...batch, sha256: await sha256File(path) } : batch;
    await writeSealed(join(draft, BATCH_FILE), whole, 2);
    await rename(draft, this.batchFolder(name, batch.number));
  }

  async update(name: string, batch: Batch): Promise<void> {
    await writeSealed(join(this.batchFolder(name, batch.number), BATCH_FILE), batch, 2);
  }

  /** Releases a batch: its prompts count as new again. */
  async release(name: string, batch: number): Promise<void> {
    await rm(this.batchFolder(name, batch), { recursive: true, force: true });
  }

  batchFolder(name: string, batch: number): string {
    return join(this.#batches(name), pathSegment(String(batch).padStart(6, '0')));
  }

  #batches(name: string): string {
    return join(this.folder(name), 'batches');
  }
}
