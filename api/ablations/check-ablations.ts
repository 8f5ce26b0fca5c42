import { InputError } from '../../common/errors.ts';
import { ablationsOf, combinations, describe, settingsOf } from '../../evaluation/ablations/setting-combinations.ts';
import { inspectRun } from '../../pipeline/inspection.ts';
import type { Configuration } from '../configuration.ts';
import type { Fetch } from '../hub/look-up-hub.ts';

/**
 * Checks every combination of a configuration's `ablations` as its run would be checked.
 * @param read reads the configuration with these settings besides its own
 * @throws InputError that names the combination
 * @example
 * ```ts
 * import { checkAblations } from './api/ablations/check-ablations.ts';
 * import { lookUpConfiguration } from './api/configuration.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const read = (set: readonly string[]) =>
 *   lookUpConfiguration(new Home('.textcraftor'), { file: 'mine.yaml', set, folder: '.', hub: { cache: 'hub' } });
 * const { settings } = await read([]);
 * await checkAblations(settings, read, process.env);
 * ```
 */
export async function checkAblations(
  settings: unknown,
  read: (own: readonly string[]) => Promise<Configuration & { fetches?: readonly Fetch[] }>,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  for (const own of ablationsOf(settings).flatMap((group) => combinations(group)))
    try {
      const { pipeline, settings, fetches = [] } = await read(settingsOf(own));
      await inspectRun(pipeline, settings, { absent: new Set(fetches.map(({ path }) => path)), environment });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(`ablations, with ${describe(own)}: ${error.message}`);
    }
}
