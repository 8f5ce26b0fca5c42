import { existsSync } from 'node:fs';
import { InputError } from '../../common/errors.ts';
import type { PreparedPrompts } from '../../datasets/tables/preview.ts';
import type { SplitShares } from '../../datasets/shards/split.ts';
import type { FilterConfig } from '../../datasets/stages/filter.ts';
import type { IngestConfig } from '../../datasets/stages/ingest.ts';
import { findStage, type Pipeline } from '../../pipeline/pipeline.ts';
import type { CommonSettings } from '../../pipeline/common-settings.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { projectHome } from '../project-home.ts';
import { inTemporaryFolder } from './show-prompts.ts';
import { readConfigOptions, type ConfigOptions } from '../run/run-options.ts';
import { verifiedFolders } from '../../api/runs/artifact-folders.ts';

/** The slices of a configuration that prompts depend on. */
export interface PromptConfigs {
  ingest: IngestConfig;
  filter: FilterConfig;
  shard: SplitShares;
}

/** The run, prompts or configuration that `textcraftor prompts` inspects. */
type LookedAt = { config: string | undefined; prompts?: string } | { run: string };

/**
 * Tells what an argument names: a configuration (.yaml), prompts (a file, folder or pattern, read with the default
 * configuration) or a run.
 * @throws InputError when it is none of them
 */
async function lookedAt(named: string | undefined): Promise<LookedAt> {
  if (named === undefined || /\.ya?ml$/i.test(named)) return { config: named };
  if (existsSync(named) || /[*?[{]|^hf:/.test(named)) return { config: undefined, prompts: named };
  try {
    return { run: await new RunRecords(projectHome()).resolve(named) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(
      `${named}: is not a file or folder of prompts, a configuration (.yaml) or a run. ${error.message}`,
    );
  }
}

/** Reads the prompt settings of a run, prompts or a configuration. */
export async function promptConfigs(named: string | undefined, options: ConfigOptions): Promise<PromptConfigs> {
  const found = await lookedAt(named);
  if ('run' in found) {
    const { pipeline } = await readConfigOptions(undefined, { set: [] });
    return slices(pipeline, (await new RunRecords(projectHome()).config(found.run)) as CommonSettings);
  }
  if (found.prompts !== undefined && options.prompts !== undefined)
    throw new InputError(`Give the prompts once: ${found.prompts}, or --prompts ${options.prompts}.`);
  const { pipeline, settings } = await readConfigOptions(found.config, { ...options, ...found });
  return slices(pipeline, settings);
}

function slices(pipeline: Pipeline, settings: CommonSettings): PromptConfigs {
  const slice = (name: string): unknown => findStage(pipeline, settings, name).config(settings);
  return { ingest: slice('ingest'), filter: slice('filter'), shard: slice('shard') } as PromptConfigs;
}

/** Calls `look` with the prompts of a run, or with those that a run would keep. */
export async function withPrepared<T>(
  named: string | undefined,
  options: ConfigOptions,
  look: (prepared: PreparedPrompts) => Promise<T>,
): Promise<T> {
  const found = await lookedAt(named);
  return inTemporaryFolder(async (scratch) => {
    if ('run' in found) {
      const home = projectHome();
      const run = await new RunRecords(home).read(found.run);
      const { ingest, filter } = await verifiedFolders(home, run, ['ingest', 'filter']);
      if (ingest === undefined || filter === undefined)
        throw new InputError(`Run ${found.run} has not filtered its prompts yet. See: textcraftor status ${found.run}`);
      return look({ ingest, filter, scratch });
    }
    const { preparePrompts } = await import('../../datasets/tables/preview.ts');
    return look(await preparePrompts(await promptConfigs(named, options), scratch, new AbortController().signal));
  });
}
