import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CancelledError, RetryableError } from '../../common/errors.ts';
import type { Fault } from '../../common/fault-points.ts';
import { cachePolicy, type CachePolicy } from '../../pipeline/store/cache-policy.ts';
import { checkConfig } from '../../pipeline/config/config-file.ts';
import { CodeDigests } from '../../pipeline/keys/code-digests.ts';
import type { StageWork, Progress, Stage } from '../../pipeline/stage.ts';
import { ExternalDigests } from '../../pipeline/keys/external-inputs.ts';
import { findHit, type Hit } from '../../pipeline/store/hit.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { KeyMaker, keyOf, type KeyParts } from '../../pipeline/keys/key.ts';
import { Lease } from '../../pipeline/runs/lease.ts';
import { loadPipeline } from '../../pipeline/load.ts';
import { findStage } from '../../pipeline/pipeline.ts';
import type { CommonSettings } from '../../pipeline/common-settings.ts';
import { requirePlannedCode, type PlannedStages } from '../../pipeline/runs/planned.ts';
import { ResultIndex } from '../../pipeline/store/stage-results.ts';
import { ArtifactStore } from '../../pipeline/store/artifact-store.ts';
import { stageEnvironment } from './stage-environment.ts';
import { StageProcess, type StartBodyRunner } from './stage-process.ts';
import type { StageCall, StageOrder } from './stage-messages.ts';
import type { StageTask } from '../stage-task.ts';
import { WorkFolder } from './work-folder.ts';

export interface WorkbenchOptions {
  home: Home;
  /** Environment of the stages' processes. */
  environment: NodeJS.ProcessEnv;
  /** Runs the bodies. Default: each in its own process. */
  startBody?: StartBodyRunner;
  /** Fault point at which a process of the worker or of a stage dies, for tests. */
  fault?: Fault | undefined;
}

/** The source of the pipeline, and the configuration of the run. */
export interface WorkSource {
  pipeline: string;
  config: unknown;
  /** The facts known to the command that planned the run. */
  planned?: PlannedStages | undefined;
}

/** Connects one attempt to its caller. */
export interface AttemptHooks {
  /** 1 is the first. */
  attempt: number;
  signal: AbortSignal;
  /** Log file of the stage. */
  log: string;
  /** Called before the body runs, with the reason and the key of its work. */
  onStart(why: string, key: string): Promise<void>;
  onProgress(progress: Progress): void;
  /** Called when the body has succeeded, with its time, and the part of it before its work began. */
  onBody(seconds: number, setUpSeconds: number): void;
}

/** A stage with everything that its result depends on. */
export interface Work {
  stage: Stage<CommonSettings, string, string>;
  settings: CommonSettings;
  policy: CachePolicy;
  /** Absolute path. */
  module: string;
  /** External files that the body reads, by path: names and digests. */
  files: ReadonlyMap<string, string>;
  parts: KeyParts;
  key: string;
  /** The key parts of the items of a fan-out stage. */
  itemParts: KeyParts;
  /** Amount of work, as planned. */
  amount?: StageWork | undefined;
}

/** Keys, the store and leases, shared by the ways to run a stage. Does not depend on Temporal. */
export class Workbench {
  readonly store: ArtifactStore;
  readonly results: ResultIndex;
  readonly startBody: StartBodyRunner;
  readonly #home: Home;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #keys: KeyMaker;
  readonly #fault: Fault | undefined;

  constructor({ home, environment, startBody = StageProcess.start, fault }: WorkbenchOptions) {
    this.#home = home;
    this.#environment = environment;
    this.startBody = startBody;
    this.#fault = fault;
    this.store = new ArtifactStore(home.artifacts);
    this.results = new ResultIndex(home.results);
    this.#keys = new KeyMaker(new ExternalDigests(home.externalDigests), new CodeDigests(home.codeDigests));
  }

  async prepare(task: StageTask, source: WorkSource): Promise<Work> {
    const pipeline = await loadPipeline(source.pipeline);
    const settings = checkConfig(pipeline.schema, source.config, `Run ${task.run}`);
    const stage = findStage(pipeline, settings, task.stage);
    const digests = Object.fromEntries(stage.inputs.map((name) => [name, task.inputs[name]!.artifact.sha256]));
    const files = await this.#keys.files(stage, settings);
    const partsOf = (slice: unknown) => this.#keys.parts(pipeline, stage, settings, digests, slice, files);
    const parts = await partsOf(stage.config(settings));
    const planned = source.planned?.[stage.name];
    requirePlannedCode(stage.name, planned, parts.code.sha256);
    const module = join(fileURLToPath(pipeline.root), stage.module);
    const itemParts = stage.itemConfig ? await partsOf(stage.itemConfig(settings)) : parts;
    const policy = cachePolicy(stage, settings);
    return {
      stage,
      settings,
      policy,
      module,
      files,
      parts,
      key: keyOf(parts),
      itemParts,
      amount: planned?.work,
    };
  }

  /**
   * Runs a body and returns its answer, if the external files that it read still match the key. If not, everything it
   * left is discarded, including checkpoints.
   * @throws RetryableError that names the changed file: the next attempt computes the key again
   */
  async reading<T>({ stage, settings, files }: Work, { scratch }: WorkFolder, body: () => Promise<T>): Promise<T> {
    const check = async (): Promise<void> => {
      const now = await this.#keys.files(stage, settings).catch((error: Error) => error);
      const changed =
        now instanceof Error ? undefined : [...files.keys()].find((path) => now.get(path) !== files.get(path));
      if (changed === undefined && !(now instanceof Error)) return;
      await rm(scratch, { recursive: true, force: true });
      if (now instanceof Error) throw now;
      throw new RetryableError(
        `${changed} was changed while the stage ${stage.name} read it; run again when nothing writes to it.`,
      );
    };
    const value = await body().catch(async (error: unknown) => {
      if (!(error instanceof CancelledError)) await check(); // a changed file may be the cause
      throw error;
    });
    await check();
    return value;
  }

  /** Looks up a result and verifies its bytes. Removes a damaged one, so that it is made again. */
  async find({ stage, policy, parts }: Work, task: StageTask): Promise<Hit> {
    const hit = await findHit(stage.name, policy, parts, this.results, (sha256) => this.store.has(sha256), task);
    if (!hit.result) return hit;
    const damage = await this.discardDamaged(hit.result.artifact.sha256);
    return damage === undefined ? hit : { why: `its earlier result ${damage}` };
  }

  /** Checks an artifact, and removes it if it is damaged. @returns the damage; undefined when it is whole */
  async discardDamaged(sha256: string): Promise<string | undefined> {
    const damage = await this.store.damage(sha256);
    if (damage !== undefined) await this.store.remove(sha256);
    return damage;
  }

  /** Returns the verified folders of a stage's inputs. */
  async openInputs(task: StageTask): Promise<Record<string, string>> {
    const folders: Record<string, string> = {};
    for (const [name, { artifact }] of Object.entries(task.inputs))
      folders[name] = await this.store.open(artifact.sha256);
    return folders;
  }

  order(work: Work, call: StageCall, inputs: Record<string, string>, folder: WorkFolder): StageOrder {
    const { stage, settings, module } = work;
    const { output, scratch, lease } = folder;
    const { file, attempt } = lease;
    const config = call.name === 'runItem' && stage.itemConfig ? stage.itemConfig(settings) : stage.config(settings);
    const fault = this.#fault ? { fault: this.#fault } : {};
    const { dtype, lanes } = settings.engine;
    const rest = { seed: settings.seed, ...(dtype ? { dtype } : {}), ...(lanes ? { lanes } : {}), ...fault };
    return { module, call, config, inputs, output, scratch, lease: { file, attempt }, ...rest };
  }

  environment({ settings }: Work): NodeJS.ProcessEnv {
    return stageEnvironment(this.#environment, settings.engine);
  }

  /**
   * Returns whether a key has a work folder: its work is under way or was abandoned, even if only the clean-up was
   * missing.
   */
  isBegun(name: string, key: string): boolean {
    return existsSync(this.#home.work(name, key));
  }

  /**
   * Makes the artifact of a key in its work folder, under its lease, unless it exists or another run finishes making it
   * meanwhile.
   *
   * @param clean remove what earlier attempts left
   * @param find called first, and again once the lease is held; a hit then clears the work folder
   * @param make returns undefined when the work is not finished: its scratch folder stays
   */
  async once<T>(
    { name, key, clean }: { name: string; key: string; clean: boolean },
    run: string,
    { signal, onProgress }: Pick<AttemptHooks, 'signal' | 'onProgress'>,
    find: () => Promise<T | undefined>,
    make: (folder: WorkFolder) => Promise<T | undefined>,
  ): Promise<{ value: T | undefined; found: boolean }> {
    const path = this.#home.work(name, key);
    let found = await find();
    if (found !== undefined && !this.isBegun(name, key)) return { value: found, found: true };
    const lease = await Lease.acquire(path, run, {
      signal,
      onWait: async (holder) => {
        onProgress({ step: 0, total: 0, message: `waits for the same work in run ${holder.run}` });
        return (found = await find()) !== undefined;
      },
    });
    if (!lease) return { value: found, found: true };
    // Between the first look and the lease another run may have finished it.
    const late = await find();
    if (late !== undefined) {
      await rm(path, { recursive: true, force: true });
      return { value: late, found: true };
    }
    const folder = await WorkFolder.open(path, lease, clean);
    try {
      const value = await make(folder);
      await (value === undefined ? folder.leave() : folder.finish());
      return { value, found: false };
    } catch (error) {
      await folder.leave();
      throw error;
    }
  }
}
