import { Client, ScheduleAlreadyRunning, ScheduleNotFoundError, type ScheduleHandle } from '@temporalio/client';
import { InputError } from '../../common/errors.ts';
import { findSources } from '../../datasets/sources/find-sources.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { partitionOf } from '../../registry/schedules/partition.ts';
import { Schedules } from '../../registry/schedules/schedules.ts';
import type { Batch, Look, ScheduleFile } from '../../registry/schedules/schedule-files.ts';
import type { backfill, retrain } from '../../workflows/retrain.ts';
import type { TemporalServer } from '../../temporal/server/temporal-server.ts';
import { taskQueues } from '../../temporal/queues.ts';
import type { TemporalTiming } from './schedule-timing.ts';

/** A schedule as the Temporal server has it. */
export interface ScheduleState {
  name: string;
  paused: boolean;
  note?: string;
  /** The next five times, in ISO 8601. */
  next: string[];
  /** Running retrainings. */
  running: string[];
  /** Started retrainings, the latest last. */
  recent: { workflow: string; at: string }[];
  /** Number of missed times, and of starts skipped because another retraining was running. */
  missed: number;
  skipped: number;
}

/** Schedules on a Temporal server, each with its record in the home. */
export class ScheduleControl {
  readonly #client: Client;
  readonly #home: Home;
  readonly #records: Schedules;

  constructor({ connection, namespace }: TemporalServer, home: Home) {
    this.#client = new Client({ connection, namespace });
    this.#home = home;
    this.#records = new Schedules(home);
  }

  async create(schedule: ScheduleFile, { spec, policies }: TemporalTiming, paused: boolean): Promise<void> {
    const { name } = schedule;
    if (
      await this.#records.read(name).then(
        () => true,
        () => false,
      )
    )
      throw taken(name);
    await this.#records.save(schedule);
    try {
      await this.#client.schedule.create({
        scheduleId: name,
        spec,
        policies,
        state: { paused },
        action: {
          type: 'startWorkflow',
          workflowType: 'retrain',
          workflowId: `retrain-${name}`,
          taskQueue: await this.#queue(),
          args: [{ schedule: name }] satisfies Parameters<typeof retrain>,
          staticSummary: `Retraining by schedule ${name}`,
        },
      });
    } catch (error) {
      await this.#records.remove(name);
      throw error instanceof ScheduleAlreadyRunning ? taken(name) : error;
    }
  }

  /** Lists the schedules of this home, in alphabetical order. */
  async list(): Promise<ScheduleState[]> {
    const own = new Set(await this.#records.names());
    const states: ScheduleState[] = [];
    for (const name of own) states.push(await this.state(name));
    return states;
  }

  async state(name: string): Promise<ScheduleState> {
    return this.#on(name, async (handle) => {
      const { state, info } = await handle.describe();
      return {
        name,
        paused: state.paused,
        ...(state.note ? { note: state.note } : {}),
        next: info.nextActionTimes.slice(0, 5).map((time) => time.toISOString()),
        running: info.runningActions.map(({ workflow }) => workflow.workflowId),
        recent: info.recentActions.map(({ action, takenAt }) => ({
          workflow: action.workflow.workflowId,
          at: takenAt.toISOString(),
        })),
        missed: info.numActionsMissedCatchupWindow,
        skipped: info.numActionsSkippedOverlap,
      };
    });
  }

  batches(name: string): Promise<Batch[]> {
    return this.#records.batches(name);
  }

  /** Why its last start retrained nothing. */
  look(name: string): Promise<Look | undefined> {
    return this.#records.look(name);
  }

  record(name: string): Promise<ScheduleFile> {
    return this.#records.read(name);
  }

  pause(name: string, note: string): Promise<void> {
    return this.#on(name, (handle) => handle.pause(note));
  }

  unpause(name: string): Promise<void> {
    return this.#on(name, (handle) => handle.unpause());
  }

  /** Retrains now, under the schedule's overlap policy. */
  async trigger(name: string): Promise<void> {
    await this.#on(name, async (handle) => handle.trigger((await handle.describe()).policies.overlap));
  }

  /** Deletes the schedule and its record of used prompts; running retrainings continue. */
  async delete(name: string): Promise<void> {
    await this.#records.read(name);
    await this.#on(name, (handle) => handle.delete()).catch((error: unknown) => {
      if (!(error instanceof InputError)) throw error; // the server no longer has it
    });
    await this.#records.remove(name);
  }

  /**
   * Retrains on the days with files from `from` to `to`, both included, one after the other.
   * @returns the workflow's id and the days
   */
  async backfill(name: string, from: string, to: string): Promise<{ workflow: string; partitions: string[] }> {
    const { config } = await this.#records.read(name);
    const { source } = (config as { prompts: { source: string } }).prompts;
    const { files } = await findSources(source);
    const days = new Set(files.flatMap((file) => partitionOf(file.name) ?? []));
    const partitions = [...days].filter((day) => day >= from && day <= to).toSorted();
    if (partitions.length === 0)
      throw new InputError(
        `${source} has no files of days from ${from} to ${to}; a day is in a file's name, such as prompts-2026-11-24.csv.`,
      );
    if (partitions.length > mostPartitions)
      throw new InputError(
        `${partitions.length} days are too many for one backfill; expected at most ${mostPartitions}.`,
      );
    const workflow = `backfill-${name}-${from}-${to}`;
    await this.#client.workflow.start<typeof backfill>('backfill', {
      workflowId: workflow,
      taskQueue: await this.#queue(),
      args: [{ schedule: name, partitions }],
      staticSummary: `Backfill of schedule ${name}, ${from} to ${to}`,
    });
    return { workflow, partitions };
  }

  async #queue(): Promise<string> {
    return (await taskQueues(this.#home)).pipeline;
  }

  async #on<Result>(name: string, act: (handle: ScheduleHandle) => Promise<Result>): Promise<Result> {
    await this.#records.read(name);
    try {
      return await act(this.#client.schedule.getHandle(name));
    } catch (error) {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
      throw new InputError(
        `The Temporal server has no schedule "${name}", though it is recorded here; another server has or had it. Remove the record with: textcraftor schedule delete ${name}`,
      );
    }
  }
}

/** Most partitions of a backfill: each adds about six events to the workflow's history. */
const mostPartitions = 1000;

function taken(name: string): InputError {
  return new InputError(`Schedule "${name}" already exists; delete it first: textcraftor schedule delete ${name}`);
}
