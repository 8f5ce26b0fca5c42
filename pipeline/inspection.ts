import type { RunFacts } from './stage.ts';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Pipeline } from './pipeline.ts';
import type { CommonSettings } from './common-settings.ts';

/**
 * Refuses up front what a stage would refuse later, without reading weights. A pipeline's module exports it as `inspect`.
 * @param absent paths in the settings that are fetched before the run begins
 * @throws InputError
 */
export type Inspect<Settings> = (settings: Settings, absent: ReadonlySet<string>) => Promise<RunFacts>;

/** Checks everything that can be known before a run. A pipeline without an inspection passes. @throws InputError */
export async function inspectRun<Settings extends CommonSettings>(
  { inspection, root }: Pipeline<Settings>,
  settings: Settings,
  absent: ReadonlySet<string> = new Set(),
): Promise<RunFacts> {
  if (inspection === undefined) return {};
  const module = (await import(pathToFileURL(join(fileURLToPath(root), inspection)).href)) as {
    inspect: Inspect<Settings>;
  };
  return module.inspect(settings, absent);
}
