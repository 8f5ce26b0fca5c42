import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, relative } from 'node:path';
import type { ErrorRecord } from '../../common/errors.ts';
import { InputError } from '../../common/errors.ts';
import { makeFolders } from '../../common/files.ts';
import { isIdentifier, pathSegment } from '../../common/identifiers.ts';
import { nearest } from '../../common/text/nearest.ts';
import { notice } from '../../common/notices.ts';
import { DamagedError, readSealed, writeSealed } from '../../common/files/sealed.ts';
import type { GraphNode } from '../graph.ts';
import type { Home } from './home.ts';
import { sumCounts } from './item-counts.ts';
import type { PlannedStages } from './planned.ts';
import type { ItemCounts, Owner, Run, RunFile, RunStatus, StageFile } from './run.ts';
import { processExists } from './lease.ts';
import { withLock } from './lock.ts';
import { checkOwn } from './ownership.ts';
import { ownerFile, runFile } from './record-shapes.ts';

export type * from './run.ts';

/** An owner that has not said for this long that it lives is gone. */
const ownerStaleMilliseconds = 20_000;

/** The records of runs: `runs/<id>/` with run.json, config.json, stages/, logs/ and owner.json. */
export class RunRecords {
  readonly #home: Home;

  constructor(home: Home) {
    this.#home = home;
  }

  folder(id: string): string {
    return this.#home.run(id);
  }

  log(id: string, stage: string): string {
    return join(this.folder(id), 'logs', pathSegment(`${stage}.log`));
  }

  /** A new record under a name of its own: `<name>-<date>-<time>`. */
  async create(
    name: string,
    pipeline: string,
    config: object,
    graph: readonly GraphNode[],
    planned?: PlannedStages,
  ): Promise<RunFile> {
    const createdAt = new Date().toISOString();
    const base = `${name}-${createdAt.slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}`;
    await makeFolders(this.#home.runs);
    let id = base;
    for (let n = 2; !(await makeFolder(this.folder(id))); n++) id = `${base}-${n}`;
    const run: RunFile = {
      id,
      pipeline,
      createdAt,
      status: 'running',
      graph: bareGraph(graph),
      ...(planned ? { planned } : {}),
    };
    await mkdir(join(this.folder(id), 'logs'));
    await this.saveConfig(id, config);
    await this.save(run);
    return run;
  }

  async save(run: RunFile): Promise<void> {
    await writeSealed(join(this.folder(run.id), 'run.json'), run, 2);
  }

  /** Settings decide which stages are on. */
  async setGraph(id: string, graph: readonly GraphNode[], planned?: PlannedStages): Promise<void> {
    const { planned: _, ...run } = await this.file(id);
    await this.save({ ...run, graph: bareGraph(graph), ...(planned ? { planned } : {}) });
  }

  /** Whose workers do the run: those of a configured server, or (undefined) the process that has started it. */
  async setAddress(id: string, address: string | undefined): Promise<void> {
    const { address: _, ...run } = await this.file(id);
    await this.save({ ...run, ...(address === undefined ? {} : { address }) });
  }

  /** Says in run.json how the run stands; an earlier error is forgotten. */
  async setStatus(id: string, status: RunStatus, error?: ErrorRecord): Promise<void> {
    const { error: _, finishedAt: __, ...run } = await this.file(id);
    const end = status === 'running' || status === 'paused' ? {} : { finishedAt: new Date().toISOString() };
    await this.save({ ...run, status, ...end, ...(error ? { error } : {}) });
  }

  /** run.json as it is. @throws DamagedError when it is not as it was written, InputError when it is of another run */
  async file(id: string): Promise<RunFile> {
    const path = join(this.folder(id), 'run.json');
    const run = runFile(await readSealed(path, beginAgain), path);
    if (run.id === id) return run;
    throw new InputError(`${path} is the record of run ${run.id}; a run's folder has its name.`);
  }

  /**
   * run.json of a run that somebody else has named: what it says is about to be done, so nobody but this user may have
   * written it. @throws InputError when there is no such run here
   */
  async recorded(id: string): Promise<RunFile> {
    const folder = this.folder(id);
    try {
      for (const path of [folder, join(folder, 'run.json'), join(folder, 'config.json')]) await checkOwn(path);
      return await this.file(id);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new InputError(`There is no run ${id} in ${this.#home.runs}.`);
    }
  }

  /** @throws DamagedError when it is not as it was written */
  async config(id: string): Promise<unknown> {
    return readSealed(join(this.folder(id), 'config.json'), beginAgain);
  }

  async saveConfig(id: string, config: object): Promise<void> {
    // It may hold the addresses of webhooks, which are secrets.
    await writeSealed(join(this.folder(id), 'config.json'), config, 2, 0o600);
  }

  /** Forgets how the stages stood: the run starts again. */
  async clearStages(id: string): Promise<void> {
    await rm(join(this.folder(id), 'stages'), { recursive: true, force: true });
  }

  async saveStage(id: string, stage: StageFile): Promise<void> {
    await writeSealed(this.#stageFile(id, stage.name), stage);
  }

  /** What is written of a stage; undefined while nothing is. */
  async stage(id: string, name: string): Promise<StageFile | undefined> {
    return readJson<StageFile>(this.#stageFile(id, name));
  }

  /** One of the lanes in which a stage's batches of items go, each written by one process at a time. */
  async saveLane(id: string, stage: string, lane: number, counts: ItemCounts): Promise<void> {
    await writeSealed(join(this.#lanes(id, stage), pathSegment(`${lane}.json`)), counts);
  }

  /** Gives an artifact a name that people find: `artifacts/<stage>` in the run's folder. */
  async link(id: string, stage: string, sha256: string): Promise<void> {
    const links = join(this.folder(id), 'artifacts');
    const [link, artifact] = [join(links, pathSegment(stage)), join(this.#home.artifacts, pathSegment(sha256))];
    await mkdir(links, { recursive: true });
    await rm(link, { force: true });
    await symlink(relative(links, artifact), link, 'dir');
  }

  /** @param name an id, or `latest` */
  async read(name: string): Promise<Run> {
    const id = await this.resolve(name);
    const file = await this.file(id);
    const stages = await Promise.all(file.graph.map((node) => this.#readStage(id, node.name)));
    const run: Run = { ...file, folder: this.folder(id), stages };
    const open = run.status === 'running' || run.status === 'paused';
    if (!open || run.address !== undefined || (await this.owner(id))) return run;
    const interrupted = stages.map((stage) =>
      stage.status === 'running' ? { ...stage, status: 'interrupted' as const } : stage,
    );
    return { ...run, status: 'interrupted', stages: interrupted };
  }

  /** Whether there is a record of a run called so, whole or damaged. */
  has(name: string): boolean {
    return isIdentifier('run', name) && existsSync(join(this.#home.runs, name, 'run.json'));
  }

  /** The id that `name` means. @throws InputError that names the nearest */
  async resolve(name: string): Promise<string> {
    if (this.has(name)) return (await this.file(name)).id;
    const ids = await this.ids();
    if (ids.length === 0)
      throw new InputError(`There are no runs in ${this.#home.runs}; start one with: textcraftor run`);
    if (name === 'latest') return ids.at(-1)!;
    throw new InputError(
      `There is no run "${name}"; did you mean "${nearest(name, ids)}"? List them with: textcraftor list`,
    );
  }

  /** Ids of all runs, oldest first. One whose record is damaged is not among them, and is named. */
  async ids(): Promise<string[]> {
    const names = (await readdir(this.#home.runs).catch(() => [])).filter((name) => isIdentifier('run', name));
    const files = await Promise.all(names.map((name) => this.file(name).catch(nameDamaged)));
    return files
      .filter((file) => file !== undefined)
      .toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : a.id < b.id ? -1 : 1))
      .map((file) => file.id);
  }

  /** The living process that cares for a run. */
  async owner(id: string): Promise<Owner | undefined> {
    const path = join(this.folder(id), 'owner.json');
    try {
      const owner = ownerFile(JSON.parse(await readFile(path, 'utf8')), path);
      const alive = Date.now() - (await stat(path)).mtimeMs < ownerStaleMilliseconds;
      return alive && (owner.host !== hostname() || processExists(owner.pid)) ? owner : undefined;
    } catch {
      return undefined;
    }
  }

  /** Says that this process cares for the run. To be repeated every few seconds. @param ownServer the server is a development server of this process */
  async own(id: string, address?: string, ownServer = false): Promise<void> {
    const owner: Owner = {
      host: hostname(),
      pid: process.pid,
      ...(address === undefined ? {} : { address }),
      ...(ownServer ? { own: true } : {}),
    };
    await writeSealed(join(this.folder(id), 'owner.json'), owner);
  }

  /** Takes the care of a run, unless a living process has it. @throws InputError that names that process */
  async claim(id: string, signal?: AbortSignal): Promise<void> {
    const claim = async (): Promise<void> => {
      const owner = await this.owner(id);
      const isSelf = owner?.pid === process.pid && owner.host === hostname();
      if (owner && !isSelf) throw caredFor(id, owner);
      await this.own(id);
    };
    await withLock(this.folder(id), claim, signal ? { signal } : {});
  }

  async disown(id: string): Promise<void> {
    await rm(join(this.folder(id), 'owner.json'), { force: true });
  }

  #stageFile(id: string, stage: string): string {
    return join(this.folder(id), 'stages', pathSegment(`${stage}.json`));
  }

  #lanes(id: string, stage: string): string {
    return join(this.folder(id), 'stages', pathSegment(`${stage}.lanes`));
  }

  async #readStage(id: string, name: string): Promise<StageFile> {
    const stage = await this.stage(id, name);
    if (!stage) return { name, status: 'pending', seconds: 0 };
    return stage.status !== 'running' || !stage.items ? stage : { ...stage, items: await this.#readLanes(id, stage) };
  }

  async #readLanes(id: string, { name, items }: StageFile): Promise<ItemCounts> {
    const folder = this.#lanes(id, name);
    const files = await readdir(folder).catch(() => []);
    const lanes = await Promise.all(files.map((file) => readJson<ItemCounts>(join(folder, file))));
    return sumCounts(
      items!.total,
      lanes.filter((lane) => lane !== undefined),
    );
  }
}

export function caredFor(id: string, { pid, host }: Owner): InputError {
  return new InputError(`Process ${pid} on ${host} works on run ${id}; see: textcraftor status ${id}`);
}

/** Its stages are found again by their keys. */
const beginAgain = 'start the run again with the same settings: what its stages have made is reused';

function nameDamaged(error: unknown): undefined {
  if (error instanceof DamagedError) notice(error.message);
}

/** Only a view: what is damaged counts as not written. */
async function readJson<T extends object>(path: string): Promise<T | undefined> {
  return readSealed<T>(path).catch(() => undefined);
}

function bareGraph(nodes: readonly GraphNode[]): GraphNode[] {
  return nodes.map(({ name, inputs }) => ({ name, inputs }));
}

/** False when it is there already. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
