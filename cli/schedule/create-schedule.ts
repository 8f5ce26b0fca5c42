import { InputError, NothingThereError } from '../../common/errors.ts';
import { identifier } from '../../common/identifiers.ts';
import { findSources } from '../../datasets/sources/find-sources.ts';
import { absolutePath, checkConfig } from '../../pipeline/config/config-file.ts';
import { inspectRun } from '../../pipeline/inspection.ts';
import { registrationSettings } from '../../pipeline/config/sections/registry-settings.ts';
import { readConfigOptions } from '../run/run-options.ts';
import type { ScheduleControl } from './show-schedules.ts';
import { timingOf, type TimingOptions } from './timing.ts';

/** Options of `schedule create`. */
export interface CreateOptions extends TimingOptions {
  config: string;
  prompts?: string;
  pipeline?: string;
  set: string[];
  atLeast: number;
  cold?: true;
  paused?: true;
}

/** Checks everything that a retraining will need, and creates the schedule. @throws InputError */
export async function createSchedule(control: ScheduleControl, name: string, options: CreateOptions): Promise<void> {
  identifier('schedule', name);
  const timing = timingOf(options);
  const { prompts, set, pipeline } = options;
  const {
    source: pipelineSource,
    pipeline: loaded,
    settings,
  } = await readConfigOptions(options.config, {
    set,
    ...(prompts === undefined ? {} : { prompts }),
    ...(pipeline === undefined ? {} : { pipeline }),
  });
  const { source } = (settings as unknown as { prompts?: { source?: string } }).prompts ?? {};
  if (source === undefined || source === 'shapes')
    throw new InputError(
      `A schedule needs prompts that arrive: name the folder with --prompts, or in prompts.source of ${options.config}.`,
    );
  const checked = registrationSettings.safeParse(settings);
  if (!checked.success)
    throw new InputError(`${options.config} has no section registry, but a retraining registers its encoder.`);
  const arriving = absolutePath(source, process.cwd());
  const config = {
    ...settings,
    prompts: { ...(settings as object as { prompts: object }).prompts, source: arriving },
  };
  // The same settings as in activities/retrain/prepare-run.ts. Arrived prompts are not checked: there may be none yet.
  const promoted = { ...config, registry: { ...checked.data.registry, promote: 'auto' } };
  const retraining = checkConfig(loaded.schema, promoted, options.config);
  await requireReadable(arriving);
  await inspectRun(loaded, retraining, { absent: new Set([arriving]), environment: process.env });
  await control.create(
    {
      name,
      pipeline: pipelineSource,
      config,
      warmStart: !options.cold,
      minimumPrompts: options.atLeast,
      createdAt: new Date().toISOString(),
    },
    timing,
    options.paused ?? false,
  );
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
