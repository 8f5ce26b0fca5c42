import { InputError } from '../../common/errors.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { readConfiguration, type ConfigurationOptions } from '../configuration.ts';
import { ablationsOf } from '../../evaluation/ablations/setting-combinations.ts';
import { checkAblations } from './check-ablations.ts';
import { runAblations, type AblationOptions } from './run-ablations.ts';

export interface AblateOptions extends Omit<AblationOptions, 'home' | 'ablations'> {
  configuration: ConfigurationOptions;
  /** Environment of the stages' processes. */
  environment: NodeJS.ProcessEnv;
}

/**
 * Runs a configuration with every combination of the settings under its `ablations`, and writes ablations.md and
 * ablations.json.
 * @returns the page's path
 * @throws InputError, before the first run, that names a combination that cannot be run
 * @example
 * ```ts
 * import { resolve } from 'node:path';
 * import { ablate } from './api/ablations/ablate.ts';
 * import { readConfiguration } from './api/configuration.ts';
 * import { createRun } from './api/runs/create-run.ts';
 * import { executeRun } from './api/runs/execute-run.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const home = new Home(resolve('.textcraftor'));
 * const configuration = { file: 'mine.yaml', folder: process.cwd(), hub: { cache: 'hub' } };
 * const note = console.log;
 * const page = await ablate(home, {
 *   configuration,
 *   environment: process.env,
 *   out: 'ablations',
 *   lanes: 1,
 *   note,
 *   async run(set) {
 *     const { id } = await createRun(home, await readConfiguration(home, { ...configuration, set }));
 *     const view = { update: () => {}, end: () => {} };
 *     const options = { home, id, fresh: [], view, configured: undefined, environment: process.env, note };
 *     await executeRun(options).catch(note);
 *     return id;
 *   },
 * });
 * console.log(page); // ablations/ablations.md
 * ```
 */
export async function ablate(home: Home, { configuration, environment, ...options }: AblateOptions): Promise<string> {
  const { settings } = await readConfiguration(home, configuration); // refuses invalid settings before any combination runs
  const ablations = ablationsOf(settings);
  if (ablations.length === 0)
    throw new InputError('The configuration has no ablations: give a list such as [{ evaluate.steps: [4, 8] }].');
  const { set = [] } = configuration;
  await checkAblations(
    settings,
    (own) => readConfiguration(home, { ...configuration, set: [...set, ...own] }),
    environment,
  );
  return runAblations({ home, ablations, ...options });
}
