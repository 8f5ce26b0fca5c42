import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromErrorRecord, toErrorRecord } from '../../common/error-record.ts';
import { InputError, RetryableError, RunError } from '../../common/errors.ts';
import { whyNotUsed } from '../../pipeline/store/hit.ts';
import { keyOf, type KeyParts } from '../../pipeline/keys/key.ts';
import type { ItemResult } from '../../pipeline/store/stage-results.ts';
import type { ItemCounts } from '../../pipeline/runs/run.ts';
import type { Artifact, Progress } from '../../pipeline/stage.ts';
import { runStageProcess, type BodyRunner } from './stage-process.ts';
import { commitStage, outcomeOf } from './stage-runner.ts';
import type { ItemList, StageOutcome, StagePart, StageTask } from '../stage-task.ts';
import type { WorkFolder } from './work-folder.ts';
import type { AttemptHooks, Work, Workbench, WorkSource } from './workbench.ts';

export interface BatchHooks extends AttemptHooks {
  onCounts(counts: ItemCounts): void;
}

const listFile = 'items.json';
type Part = NonNullable<KeyParts['part']>;

/**
 * Runs stages that fan out: lists the items, makes them in batches, and gathers the stage's artifact. A batch has one
 * process and commits each item separately, so items finished before a fault are reused.
 */
export class FanOutRunner {
  readonly #bench: Workbench;

  constructor(bench: Workbench) {
    this.#bench = bench;
  }

  /** Lists the items, or returns the stage's outcome if it has one already. */
  async list(task: StageTask, source: WorkSource, hooks: AttemptHooks): Promise<StageOutcome | ItemList> {
    const work = await this.#bench.prepare(task, source);
    const hit = await this.#bench.find(work, task);
    if (hit.result && !this.#bench.isBegun(work.stage.name, work.key)) return outcomeOf(hit.result, true);
    // The result exists, but its work folder was left behind; gathering clears it.
    await hooks.onStart(hit.why ?? 'clears up after an earlier attempt', work.key);
    const { value } = await this.#once(task, work, 'items', hooks, async (folder) => {
      const inputs = await this.#bench.openInputs(task);
      const order = this.#bench.order(work, { name: 'items' }, inputs, folder);
      const { items = [] } = await this.#bench.reading(work, folder, () =>
        runStageProcess(order, { ...this.#process(work, hooks), ...hooks }, this.#bench.startBody),
      );
      checkItems(work.stage.name, items);
      await writeFile(join(folder.output, listFile), JSON.stringify(items));
      return {};
    });
    return { list: value.artifact, total: (await this.#readList(value.artifact)).length };
  }

  /** Makes the items of a batch. @returns the counts of the lane, this batch included */
  async batch(
    task: StageTask,
    part: StagePart & { kind: 'batch' },
    source: WorkSource,
    hooks: BatchHooks,
  ): Promise<ItemCounts> {
    const work = await this.#bench.prepare(task, source);
    const all = await this.#ownList(work, part.list);
    const { from, to } = part;
    if (from >= to || to > all.length)
      throw new InputError(`Stage ${task.stage} has ${all.length} items; it was asked for items ${from} to ${to}.`);
    const items = all.slice(from, to);
    const inputs = await this.#bench.openInputs(task);
    let counts = part.before;
    let process: BodyRunner | undefined;
    try {
      for (const item of items) {
        hooks.signal.throwIfAborted();
        const { value, found } = await this.#once(task, work, { item }, hooks, async (folder) => {
          const running = (process ??= await this.#bench.startBody(this.#process(work, hooks)));
          let last: Progress | undefined;
          const order = this.#bench.order(work, { name: 'runItem', item }, inputs, folder);
          const signal = AbortSignal.any([hooks.signal, folder.lost]);
          await this.#bench.reading(work, folder, () =>
            running.do(order, { signal, onProgress: (progress) => (last = progress) }),
          );
          return last?.metrics ?? {};
        }).catch((error: unknown) => {
          throw ofItem(item, error);
        });
        counts = add(counts, value, found);
        hooks.onCounts(counts);
      }
    } finally {
      await process?.close();
    }
    return counts;
  }

  async gather(
    task: StageTask,
    part: StagePart & { kind: 'gather' },
    source: WorkSource,
    hooks: AttemptHooks,
  ): Promise<StageOutcome> {
    const work = await this.#bench.prepare(task, source);
    const list = await this.#ownList(work, part.list);
    const { value, found } = await this.#bench.once(
      { name: work.stage.name, key: work.key, clean: task.fresh && hooks.attempt === 1 },
      task.run,
      hooks,
      async () => (await this.#bench.find(work, task)).result,
      async (folder) => {
        const call = { name: 'gather' as const, items: await this.#openItems(work, list) };
        const inputs = await this.#bench.openInputs(task);
        const order = this.#bench.order(work, call, inputs, folder);
        const signal = AbortSignal.any([hooks.signal, folder.lost]);
        const options = { ...this.#process(work, hooks), signal, onProgress: hooks.onProgress };
        await this.#bench.reading(work, folder, () => runStageProcess(order, options, this.#bench.startBody));
        return commitStage(this.#bench, task, work, folder, { itemSeconds: part.counts.seconds });
      },
    );
    return outcomeOf(value!, found);
  }

  /** Makes or finds the list or an item. @param make writes to the output folder and returns the metrics */
  async #once(
    task: StageTask,
    work: Work,
    part: Part,
    hooks: AttemptHooks,
    make: (folder: WorkFolder) => Promise<Record<string, number>>,
  ): Promise<{ value: ItemResult; found: boolean }> {
    const { store, results } = this.#bench;
    const stage = work.stage.name;
    const key = partKey(work, part);
    const find = async (): Promise<ItemResult | undefined> => {
      const result = await results.findItem(stage, key);
      if (!result || whyNotUsed(result, work.policy, task) !== undefined) return undefined;
      return (await this.#bench.discardDamaged(result.artifact.sha256)) === undefined ? result : undefined;
    };
    const clean = task.fresh && hooks.attempt === 1;
    const { value, found } = await this.#bench.once(
      { name: stage, key, clean },
      task.run,
      hooks,
      find,
      async (folder) => {
        const metrics = await make(folder);
        const result: ItemResult = {
          key,
          stage,
          stageKey: work.key,
          ...(part === 'items' ? {} : part),
          artifact: await folder.commit(store),
          run: task.run,
          seconds: folder.seconds,
          createdAt: new Date().toISOString(),
          ...(task.request === undefined ? {} : { request: task.request }),
          ...(Object.keys(metrics).length > 0 ? { metrics } : {}),
        };
        await results.saveItem(result);
        return result;
      },
    );
    return { value: value!, found };
  }

  /**
   * Reads the items of a list. Refuses a list that this stage did not make: a result of other items would be cached as
   * the stage's.
   */
  async #ownList(work: Work, list: Artifact): Promise<string[]> {
    const { name } = work.stage;
    const made = await this.#bench.results.findItem(name, partKey(work, 'items'));
    if (made?.artifact.sha256 !== list.sha256)
      throw new RunError(
        `The list ${list.sha256.slice(0, 12)} is not the list of items of stage ${name}: its code, settings or inputs have changed since it was made. Resume the run to make it again.`,
      );
    return this.#readList(list);
  }

  async #readList({ sha256 }: Artifact): Promise<string[]> {
    return JSON.parse(await readFile(join(await this.#bench.store.open(sha256), listFile), 'utf8')) as string[];
  }

  /** Returns the verified folders of the items, in the order of the list. */
  async #openItems(work: Work, list: readonly string[]): Promise<Record<string, string>> {
    const folders: [string, string][] = [];
    for (const item of list) {
      const result = await this.#bench.results.findItem(work.stage.name, partKey(work, { item }));
      if (!result) throw new RunError(`Item ${item} of stage ${work.stage.name} no longer has a result.`);
      folders.push([item, await this.#bench.store.open(result.artifact.sha256)]);
    }
    return Object.fromEntries(folders);
  }

  #process(work: Work, { log }: AttemptHooks): { environment: NodeJS.ProcessEnv; log: string } {
    return { environment: this.#bench.environment(work), log };
  }
}

function partKey({ parts, itemParts }: Work, part: Part): string {
  return keyOf({ ...(part === 'items' ? parts : itemParts), part });
}

/** Checks that the items are distinct short texts. @throws RunError that names the item */
function checkItems(stage: string, items: readonly unknown[]): void {
  const seen = new Set<unknown>();
  for (const item of items) {
    if (typeof item !== 'string' || item === '' || item.length > 200)
      throw new RunError(
        `Stage ${stage}: ${JSON.stringify(item)} is not an item; expected a text of 1 to 200 characters.`,
      );
    if (seen.has(item)) throw new RunError(`Stage ${stage} has the item ${item} twice.`);
    // JavaScript objects list whole-number keys first.
    if (/^\d+$/.test(item))
      throw new RunError(`Stage ${stage}: item ${item} must not be a whole number; put a word before it.`);
    seen.add(item);
  }
}

function add(counts: ItemCounts, { seconds, metrics = {} }: ItemResult, found: boolean): ItemCounts {
  return {
    total: counts.total + 1,
    done: counts.done + 1,
    reused: counts.reused + (found ? 1 : 0),
    seconds: counts.seconds + seconds,
    rows: counts.rows + (metrics['rows'] ?? 0),
    bytes: counts.bytes + (metrics['bytes'] ?? 0),
  };
}

/** Adds the item to an error's message. */
function ofItem(item: string, error: unknown): Error {
  if (error instanceof RetryableError || (error as Error)?.name === 'CancelledError') return error as Error;
  const record = toErrorRecord(error);
  return fromErrorRecord({ ...record, message: `Item ${item}: ${record.message}` });
}
