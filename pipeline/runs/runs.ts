import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, relative } from 'node:path';
import { InputError, type ErrorRecord } from '../../common/errors.ts';
import { makeFolders } from '../../common/files.ts';
import { isIdentifier, pathSegment } from '../../common/identifiers.ts';
import { isNear, nearest } from '../../common/text/nearest.ts';
import { notice } from '../../common/notices.ts';
import { DamagedError, readSealed, writeSealed } from '../../common/files/sealed.ts';
import type { GraphNode } from '../graph.ts';
import { CONFIG_FILE, OWNER_FILE, RUN_FILE, type Home } from './home.ts';
import { sumCounts } from './item-counts.ts';
import type { PlannedStages } from './planned.ts';
import type { ItemCounts, Owner, Run, RunFile, RunStatus, StageFile } from './run.ts';
import { processExists } from './lease.ts';
import { withLock } from './lock.ts';
import { checkOwn } from './ownership.ts';
import { ownerFile, runFile } from './record-shapes.ts';

export type * from './run.ts';

/** An owner that has not renewed its record for this long is gone. */
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

  /** Creates a record under a unique name: `<name>-<date>-<time>`. */
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
    await writeSealed(join(this.folder(run.id), RUN_FILE), run, 2);
  }

  /** Records the graph of the stages that the settings turn on. */
  async setGraph(id: string, graph: readonly GraphNode[], planned?: PlannedStages): Promise<void> {
    const { planned: _, ...run } = await this.file(id);
    await this.save({ ...run, graph: bareGraph(graph), ...(planned ? { planned } : {}) });
  }

  /** Records whose workers do the run: a configured server's, or (undefined) those of the process that started it. */
  async setAddress(id: string, address: string | undefined): Promise<void> {
    const { address: _, ...run } = await this.file(id);
    await this.save({ ...run, ...(address === undefined ? {} : { address }) });
  }

  /** Records the status in run.json; replaces an earlier error. */
  async setStatus(id: string, status: RunStatus, error?: ErrorRecord): Promise<void> {
    const { error: _, finishedAt: __, ...run } = await this.file(id);
    const end = status === 'running' || status === 'paused' ? {} : { finishedAt: new Date().toISOString() };
    await this.save({ ...run, status, ...end, ...(error ? { error } : {}) });
  }

  /** Reads run.json. @throws DamagedError when it was altered, InputError when it belongs to another run */
  async file(id: string): Promise<RunFile> {
    const path = join(this.folder(id), RUN_FILE);
    const run = runFile(await readSealed(path, beginAgain), path);
    if (run.id === id) return run;
    throw new InputError(`${path} is the record of run ${run.id}; a run's folder must bear its id.`);
  }

  /**
   * Reads run.json of a run named from outside. Its commands are about to run, so only this user may have written it.
   * @throws InputError when there is no such run here
   */
  async recorded(id: string): Promise<RunFile> {
    const folder = this.folder(id);
    try {
      for (const path of [folder, join(folder, RUN_FILE), join(folder, CONFIG_FILE)]) await checkOwn(path);
      return await this.file(id);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new InputError(`There is no run ${id} in ${this.#home.runs}.`);
    }
  }

  /** Reads config.json. @throws DamagedError when it was altered */
  async config(id: string): Promise<unknown> {
    return readSealed(join(this.folder(id), CONFIG_FILE), beginAgain);
  }

  async saveConfig(id: string, config: object): Promise<void> {
    // It may contain webhook addresses, which are secret.
    await writeSealed(join(this.folder(id), CONFIG_FILE), config, 2, 0o600);
  }

  /** Removes the stages' records before the run starts again. */
  async clearStages(id: string): Promise<void> {
    await rm(join(this.folder(id), 'stages'), { recursive: true, force: true });
  }

  async saveStage(id: string, stage: StageFile): Promise<void> {
    await writeSealed(this.#stageFile(id, stage.name), stage);
  }

  /** Reads the record of a stage; undefined while there is none. */
  async stage(id: string, name: string): Promise<StageFile | undefined> {
    return readJson<StageFile>(this.#stageFile(id, name));
  }

  /** Saves the counts of one lane of a stage's item batches; only one process at a time writes a lane. */
  async saveLane(id: string, stage: string, lane: number, counts: ItemCounts): Promise<void> {
    await writeSealed(join(this.#lanes(id, stage), pathSegment(`${lane}.json`)), counts);
  }

  /** Links an artifact as `artifacts/<stage>` in the run's folder, where people can find it. */
  async link(id: string, stage: string, sha256: string): Promise<void> {
    const links = join(this.folder(id), 'artifacts');
    const [link, artifact] = [join(links, pathSegment(stage)), join(this.#home.artifacts, pathSegment(sha256))];
    await mkdir(links, { recursive: true });
    await rm(link, { force: true });
    await symlink(relative(links, artifact), link, 'dir');
  }

  /** Reads a run. @param name an id, the beginning of one, or `latest` */
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

  /** Returns whether the run has a record, intact or damaged. */
  has(name: string): boolean {
    return isIdentifier('run', name) && existsSync(join(this.#home.runs, name, RUN_FILE));
  }

  /** Resolves an id, the beginning of only one id, or `latest`. @throws InputError that names the ids that come near */
  async resolve(name: string): Promise<string> {
    if (this.has(name)) return (await this.file(name)).id;
    const ids = await this.ids();
    if (ids.length === 0)
      throw new InputError(`There are no runs in ${this.#home.runs}; start one with: textcraftor run`);
    if (name === 'latest') return ids.at(-1)!;
    const matching = beginningWith(ids, name);
    if (matching.length === 1) return matching[0]!;
    if (matching.length > 1)
      throw new InputError(
        `${matching.length} runs begin with "${name}": ${matching.slice(-5).join(', ')}${matching.length > 5 ? ' ...' : ''}; add more of the id.`,
      );
    const near = nearest(name, ids)!;
    const guess = isNear(name, near) ? `; did you mean "${near}"?` : '.';
    throw new InputError(`There is no run "${name}"${guess} List them with: textcraftor list`);
  }

  /** Returns the ids of the runs that begin with a text, oldest first. */
  async matching(beginning: string): Promise<string[]> {
    return beginningWith(await this.ids(), beginning);
  }

  /** Lists the ids of all runs, oldest first. Leaves out damaged records and reports them. */
  async ids(): Promise<string[]> {
    const names = (await readdir(this.#home.runs).catch(() => [])).filter((name) => isIdentifier('run', name));
    const files = await Promise.all(names.map((name) => this.file(name).catch(nameDamaged)));
    return files
      .filter((file) => file !== undefined)
      .toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : a.id < b.id ? -1 : 1))
      .map((file) => file.id);
  }

  /** Returns the live process that owns a run. */
  async owner(id: string): Promise<Owner | undefined> {
    const path = join(this.folder(id), OWNER_FILE);
    try {
      const owner = ownerFile(JSON.parse(await readFile(path, 'utf8')), path);
      const alive = Date.now() - (await stat(path)).mtimeMs < ownerStaleMilliseconds;
      return alive && (owner.host !== hostname() || processExists(owner.pid)) ? owner : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * Records this process as the run's owner; to be repeated every few seconds.
   * @param ownServer whether the server is this process's development server
   */
  async own(id: string, address?: string, ownServer = false): Promise<void> {
    const owner: Owner = {
      host: hostname(),
      pid: process.pid,
      ...(address === undefined ? {} : { address }),
      ...(ownServer ? { own: true } : {}),
    };
    await writeSealed(join(this.folder(id), OWNER_FILE), owner);
  }

  /** Claims a run unless a live process owns it. @throws InputError that names that process */
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
    await rm(join(this.folder(id), OWNER_FILE), { force: true });
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

const beginningWith = (ids: readonly string[], beginning: string): string[] =>
  beginning === '' ? [] : ids.filter((id) => id.startsWith(beginning));

export function caredFor(id: string, { pid, host }: Owner): InputError {
  return new InputError(`Process ${pid} on ${host} works on run ${id}; see: textcraftor status ${id}`);
}

/** Advice: a new run finds the finished stages again by their keys. */
const beginAgain = 'start the run again with the same settings: finished stages are reused';

function nameDamaged(error: unknown): undefined {
  if (error instanceof DamagedError) notice(error.message);
}

/** Reads JSON for display only: a damaged file counts as missing. */
async function readJson<T extends object>(path: string): Promise<T | undefined> {
  return readSealed<T>(path).catch(() => undefined);
}

function bareGraph(nodes: readonly GraphNode[]): GraphNode[] {
  return nodes.map(({ name, inputs }) => ({ name, inputs }));
}

/** Creates a folder; returns false when it already exists. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
