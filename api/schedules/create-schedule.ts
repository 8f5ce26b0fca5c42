import { InputError, NothingThereError } from '../../common/errors.ts';
import { identifier } from '../../common/identifiers.ts';
import { findSources } from '../../datasets/sources/find-sources.ts';
import { absolutePath, checkConfig } from '../../pipeline/config/config-file.ts';
import { registrationSettings } from '../../pipeline/config/sections/registry-settings.ts';
import { inspectRun } from '../../pipeline/inspection.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import type { ScheduleFile } from '../../registry/schedules/schedule-files.ts';
import type { ConfiguredServer } from '../../temporal/server/server-connection.ts';
import { readConfiguration, type ConfigurationOptions } from '../configuration.ts';
import { isWorldName } from '../../world/scenes/common/world-names.ts';
import { withSchedules } from './schedule-server.ts';
import { temporalTiming, type ScheduleTiming, type TemporalTiming } from './schedule-timing.ts';

export interface NewSchedule {
  name: string;
  /** The configuration of each retraining; `prompts` or its `prompts.source` is where prompts arrive. */
  configuration: Omit<ConfigurationOptions, 'against'> & { file: string };
  timing: ScheduleTiming;
  /** Minimum number of new prompts for a retraining; default: 1. */
  minimumPrompts?: number | undefined;
  /** Whether to start from the version in production instead of the original encoder; default: true. */
  warmStart?: boolean | undefined;
  /** Where the programs of the configuration are looked for (PATH). */
  environment?: NodeJS.ProcessEnv | undefined;
  /** Whether to wait until it is unpaused. */
  paused?: boolean | undefined;
}

/**
 * Checks everything that a retraining will need, and creates a schedule.
 * @param configured the user's Temporal server; default: that of a worker of this home
 * @throws InputError when the schedule exists already or a retraining would be refused; RunError when no server keeps
 * schedules
 * @example
 * ```ts
 * import { createSchedule } from './api/schedules/create-schedule.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * await createSchedule(new Home('.textcraftor'), {
 *   name: 'nightly',
 *   configuration: { file: 'configs/retrain.yaml', prompts: 'inbox', folder: process.cwd(), hub: { cache: 'hub' } },
 *   timing: { times: { cron: ['0 3 * * *'] }, overlap: 'skip', catchUpSeconds: 86_400 },
 * });
 * ```
 */
export async function createSchedule(home: Home, schedule: NewSchedule, configured?: ConfiguredServer): Promise<void> {
  await withSchedules(home, configured, async (control) => {
    const { file, timing } = await prepareSchedule(home, schedule);
    await control.create(file, timing, schedule.paused ?? false);
  });
}

/**
 * Checks everything that a retraining will need, and returns the schedule's record and times.
 * @throws InputError
 * @example
 * ```ts
 * import { prepareSchedule } from './api/schedules/create-schedule.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { file, timing } = await prepareSchedule(new Home('.textcraftor'), {
 *   name: 'nightly',
 *   configuration: { file: 'configs/retrain.yaml', prompts: 'inbox', folder: process.cwd(), hub: { cache: 'hub' } },
 *   timing: { times: { everySeconds: 86_400 }, overlap: 'skip', catchUpSeconds: 86_400 },
 * });
 * ```
 */
export async function prepareSchedule(
  home: Home,
  { name, configuration, timing, minimumPrompts = 1, warmStart = true, environment }: NewSchedule,
): Promise<{ file: ScheduleFile; timing: TemporalTiming }> {
  identifier('schedule', name);
  const times = temporalTiming(timing);
  const { source: module, pipeline, settings } = await readConfiguration(home, configuration);
  const { source } = (settings as unknown as { prompts?: { source?: string } }).prompts ?? {};
  if (source === undefined || isWorldName(source))
    throw new InputError(
      `A schedule needs prompts that arrive: name the folder with --prompts, or in prompts.source of ${configuration.file}.`,
    );
  const checked = registrationSettings.safeParse(settings);
  if (!checked.success)
    throw new InputError(`${configuration.file} has no section registry, but a retraining registers its encoder.`);
  const arriving = absolutePath(source, configuration.folder);
  const config = {
    ...settings,
    prompts: { ...(settings as object as { prompts: object }).prompts, source: arriving },
  };
  // The same settings as in activities/retrain/prepare-run.ts. Arrived prompts are not checked: there may be none yet.
  const promoted = { ...config, registry: { ...checked.data.registry, promote: 'auto' } };
  const retraining = checkConfig(pipeline.schema, promoted, configuration.file);
  await requireReadable(arriving);
  await inspectRun(pipeline, retraining, { absent: new Set([arriving]), environment });
  return {
    file: {
      name,
      pipeline: module,
      config,
      warmStart,
      minimumPrompts,
      createdAt: new Date().toISOString(),
    },
    timing: times,
  };
}

/**
 * Checks the source of prompts.
 * @throws InputError for one that never has prompts, such as a pattern without matches or a device
 */
async function requireReadable(source: string): Promise<void> {
  await findSources(source).catch((error: unknown) => {
    if (!(error instanceof NothingThereError)) throw error;
  });
}
