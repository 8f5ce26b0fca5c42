import type { RunFacts } from './stage.ts';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Pipeline } from './pipeline.ts';
import type { CommonSettings } from './common-settings.ts';
import { notifySchema } from './config/sections/notify-settings.ts';
import { requireProgram } from '../common/files/find-program.ts';

/**
 * Refuses up front what a stage would refuse later, without reading weights. A pipeline's module exports it as `inspect`.
 * @param absent paths in the settings that are fetched before the run begins
 * @param environment as in {@link InspectOptions}
 * @throws InputError
 */
export type Inspect<Settings> = (
  settings: Settings,
  absent: ReadonlySet<string>,
  environment?: NodeJS.ProcessEnv,
) => Promise<RunFacts>;

export interface InspectOptions {
  /** Paths in the settings that are fetched before the run begins. */
  absent?: ReadonlySet<string>;
  /** In which the run will start the programs that the settings name; they are not checked without it. */
  environment?: NodeJS.ProcessEnv | undefined;
}

/**
 * Checks everything that can be known before a run: the programs of `notify`, and what the pipeline's own inspection checks.
 * @throws InputError
 */
export async function inspectRun<Settings extends CommonSettings>(
  { inspection, root }: Pipeline<Settings>,
  settings: Settings,
  { absent = new Set(), environment }: InspectOptions = {},
): Promise<RunFacts> {
  const hooks = notifySchema.safeParse((settings as { notify?: unknown }).notify);
  if (environment && hooks.success)
    for (const [i, hook] of hooks.data.entries())
      if ('command' in hook) await requireProgram(`notify.${i}.command`, hook.command[0]!, environment);
  if (inspection === undefined) return {};
  const module = (await import(pathToFileURL(join(fileURLToPath(root), inspection)).href)) as {
    inspect: Inspect<Settings>;
  };
  return module.inspect(settings, absent, environment);
}
