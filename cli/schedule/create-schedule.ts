import { InputError } from '../../common/errors.ts';
import { identifier } from '../../common/identifiers.ts';
import { absolutePath } from '../../pipeline/config/config-file.ts';
import { registrationSettings } from '../../pipeline/config/sections/registry-settings.ts';
import { readConfigOptions } from '../run/run-options.ts';
import type { ScheduleControl } from './show-schedules.ts';
import { timingOf, type TimingOptions } from './timing.ts';

/** What `schedule create` is told. */
export interface CreateOptions extends TimingOptions {
  config: string;
  prompts?: string;
  pipeline?: string;
  set: string[];
  atLeast: number;
  cold?: true;
  paused?: true;
}

/** Checks everything that a retraining will need, and sets the schedule up. @throws InputError */
export async function createSchedule(control: ScheduleControl, name: string, options: CreateOptions): Promise<void> {
  identifier('schedule', name);
  const timing = timingOf(options);
  const { prompts, set, pipeline } = options;
  const { source: pipelineSource, settings } = await readConfigOptions(options.config, {
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
    throw new InputError(`${options.config} has no section registry, and a retraining registers its encoder.`);
  await control.create(
    {
      name,
      pipeline: pipelineSource,
      config: {
        ...settings,
        prompts: {
          ...(settings as object as { prompts: object }).prompts,
          source: absolutePath(source, process.cwd()),
        },
      },
      warmStart: !options.cold,
      minimumPrompts: options.atLeast,
      createdAt: new Date().toISOString(),
    },
    timing,
    options.paused ?? false,
  );
}
