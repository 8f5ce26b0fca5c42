import { InputError } from '../../common/errors.ts';
import { inspectRun } from '../../pipeline/inspection.ts';
import type { Fetch } from '../../api/hub/look-up-hub.ts';
import type { Configuration } from '../../api/configuration.ts';
import { combinations, describe, settingsOf, type Ablations } from './ablate.ts';

/**
 * Checks every combination of a configuration's `ablations` as its run would be checked.
 * @param read reads the configuration with these settings besides those of the command
 * @throws InputError that names the combination
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

export const ablationsOf = (settings: unknown): Ablations => (settings as { ablations?: Ablations }).ablations ?? [];
