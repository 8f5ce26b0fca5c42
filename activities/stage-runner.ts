import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkConfig } from '../pipeline/config-file.ts';
import { ExternalDigests } from '../pipeline/external.ts';
import { findHit, type Hit } from '../pipeline/hit.ts';
import type { Home } from '../pipeline/home.ts';
import { KeyMaker, keyOf, type KeyParts } from '../pipeline/key.ts';
import { Lease } from '../pipeline/lease.ts';
import { loadPipeline } from '../pipeline/load.ts';
import { findStage, type CommonSettings, type Pipeline } from '../pipeline/pipeline.ts';
import { ResultIndex, type StageResult } from '../pipeline/results.ts';
import type { Progress, Stage } from '../pipeline/stage.ts';
import { ArtifactStore } from '../pipeline/store.ts';
import { stageEnvironment } from './stage-environment.ts';
import { runStageProcess } from './stage-process.ts';
import type { StageOrder } from './stage-messages.ts';
import type { StageOutcome, StageTask } from './stage-task.ts';
import { WorkFolder } from './work-folder.ts';

export interface StageRunnerOptions {
  home: Home;
  /** For the stages' processes. */
  environment: NodeJS.ProcessEnv;
}

/** One attempt's ties to whoever asked for it. */
export interface AttemptHooks {
  /** 1 is the first. */
  attempt: number;
  signal: AbortSignal;
  /** The stage's log file. */
  log: string;
  /** Why it has to run; called before it does. */
  onStart(why: string): Promise<void>;
  onProgress(progress: Progress): void;
}

interface Work {
  pipeline: Pipeline;
  stage: Stage<CommonSettings, string, string>;
  settings: CommonSettings;
  parts: KeyParts;
  key: string;
}

/** Does stages: finds a result to reuse, or runs the body in a process and commits what it wrote. Knows nothing of Temporal. */
export class StageRunner {
  readonly #home: Home;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #store: ArtifactStore;
  readonly #results: ResultIndex;
  readonly #keys: KeyMaker;

  constructor({ home, environment }: StageRunnerOptions) {
    this.#home = home;
    this.#environment = environment;
    this.#store = new ArtifactStore(home.artifacts);
    this.#results = new ResultIndex(home.results);
    this.#keys = new KeyMaker(new ExternalDigests(home.externalDigests));
  }

  /** @param source the pipeline's name and the configuration of the run */
  async run(
    task: StageTask,
    source: { pipeline: string; config: unknown },
    hooks: AttemptHooks,
  ): Promise<StageOutcome> {
    const pipeline = await loadPipeline(source.pipeline);
    const settings = checkConfig(pipeline.schema, source.config, `Run ${task.run}`);
    const stage = findStage(pipeline, settings, task.stage);
    const digests = Object.fromEntries(stage.inputs.map((name) => [name, task.inputs[name]!.artifact.sha256]));
    const parts = await this.#keys.parts(pipeline, stage, settings, digests);
    const work: Work = { pipeline, stage, settings, parts, key: keyOf(parts) };

    const hit: Hit = task.fresh ? { why: 'it was asked for' } : await this.#verifiedHit(work);
    if (hit.result) return reuse(hit.result);

    let joined: StageResult | undefined;
    const folder = this.#home.work(stage.name, work.key);
    const lease = await Lease.acquire(folder, task.run, {
      signal: hooks.signal,
      onWait: async (holder) => {
        hooks.onProgress({ step: 0, total: 0, message: `waits for the same work in run ${holder.run}` });
        joined = (await this.#verifiedHit(work)).result;
        return joined !== undefined;
      },
    });
    if (!lease) return reuse(joined!);
    // Between the first look and the lease another run may have finished it.
    const late = task.fresh ? undefined : (await this.#verifiedHit(work)).result;
    if (late) return rm(folder, { recursive: true, force: true }).then(() => reuse(late));
    await hooks.onStart(hit.why);
    return this.#make(task, work, lease, hooks);
  }

  /** A hit whose bytes are those that were committed. What is damaged is removed, so that it is made again. */
  async #verifiedHit({ stage, parts }: Work): Promise<Hit> {
    const hit = await findHit(stage, parts, this.#results, (sha256) => this.#store.has(sha256));
    if (!hit.result) return hit;
    const { sha256 } = hit.result.artifact;
    const damage = await this.#store.damage(sha256);
    if (damage === undefined) return hit;
    await this.#store.remove(sha256);
    return { why: `its earlier result ${damage}` };
  }

  async #make(task: StageTask, work: Work, lease: Lease, hooks: AttemptHooks): Promise<StageOutcome> {
    const { pipeline, stage, settings, parts, key } = work;
    const folder = await WorkFolder.open(this.#home.work(stage.name, key), lease, task.fresh && hooks.attempt === 1);
    try {
      const order: StageOrder = {
        module: join(fileURLToPath(pipeline.root), stage.module),
        config: stage.config(settings),
        seed: settings.seed,
        inputs: await this.#openInputs(task),
        output: folder.output,
        scratch: folder.scratch,
        lease: { file: lease.file, attempt: lease.attempt },
      };
      await runStageProcess(order, {
        environment: stageEnvironment(this.#environment, settings.engine),
        log: hooks.log,
        signal: AbortSignal.any([hooks.signal, folder.lost]),
        onProgress: hooks.onProgress,
      });
      await lease.check();
      const artifact = await this.#store.commit(folder.output);
      await lease.check();
      const inputKeys = mapValues(task.inputs, (input) => input.key);
      const { seconds } = folder;
      await this.#results.save({
        key,
        parts,
        artifact,
        inputKeys,
        run: task.run,
        seconds,
        createdAt: new Date().toISOString(),
      });
      await folder.finish();
      return { artifact, key, reused: false, run: task.run, seconds };
    } catch (error) {
      await folder.giveUp();
      throw error;
    }
  }

  async #openInputs(task: StageTask): Promise<Record<string, string>> {
    const folders: Record<string, string> = {};
    for (const [name, { artifact }] of Object.entries(task.inputs))
      folders[name] = await this.#store.open(artifact.sha256);
    return folders;
  }
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

function reuse({ artifact, key, run, seconds }: StageResult): StageOutcome {
  return { artifact, key, reused: true, run, seconds };
}
