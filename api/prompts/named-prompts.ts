import { existsSync } from 'node:fs';
import { InputError } from '../../common/errors.ts';
import { inTemporaryFolder } from '../../common/files/temporary-folder.ts';
import type { SplitShares } from '../../datasets/shards/split.ts';
import type { FilterConfig } from '../../datasets/stages/filter.ts';
import type { IngestConfig } from '../../datasets/stages/ingest.ts';
import { preparePrompts, type PreparedPrompts } from '../../datasets/tables/preview.ts';
import type { CommonSettings } from '../../pipeline/common-settings.ts';
import { findStage, type Pipeline } from '../../pipeline/pipeline.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { readConfiguration, type ConfigurationOptions } from '../configuration.ts';
import { verifiedFolders } from '../runs/artifact-folders.ts';

/** Names the prompts to look at. */
export interface NamedPrompts {
  home: Home;
  /**
   * A run, a configuration (.yaml), or prompts (a file, folder, pattern, or hf://datasets/OWNER/NAME), which are read
   * under the default configuration. Default: the default configuration's prompts.
   */
  named?: string | undefined;
  /** The rest of the configuration. */
  configuration: Omit<ConfigurationOptions, 'file'>;
}

/** The slices of a configuration that prompts depend on. */
export interface PromptConfigs {
  ingest: IngestConfig;
  filter: FilterConfig;
  shard: SplitShares;
}

type LookedAt = { file: string | undefined; prompts?: string } | { run: string };

/** Tells what is named. @throws InputError when it is neither a configuration, nor prompts, nor a run */
async function lookedAt({ home, named }: NamedPrompts): Promise<LookedAt> {
  if (named === undefined || /\.ya?ml$/i.test(named)) return { file: named };
  if (existsSync(named) || /[*?[{]|^hf:/.test(named)) return { file: undefined, prompts: named };
  try {
    return { run: await new RunRecords(home).resolve(named) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(
      `${named}: is not a file or folder of prompts, a configuration (.yaml) or a run. ${error.message}`,
    );
  }
}

/**
 * Reads the prompt settings of a run, prompts or a configuration.
 * @throws InputError that names the file, the key or the run
 * @example
 * ```ts
 * import { promptConfigs } from './api/prompts/named-prompts.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const configuration = { folder: process.cwd(), hub: { cache: 'hub' } };
 * const { filter } = await promptConfigs({ home: new Home('.textcraftor'), named: 'mine.yaml', configuration });
 * console.log(filter.maxCharacters);
 * ```
 */
export async function promptConfigs(prompts: NamedPrompts): Promise<PromptConfigs> {
  const { home, configuration } = prompts;
  const found = await lookedAt(prompts);
  if ('run' in found) {
    const { folder, hub } = configuration;
    const { pipeline } = await readConfiguration(home, { folder, hub });
    return slices(pipeline, (await new RunRecords(home).config(found.run)) as CommonSettings);
  }
  if (found.prompts !== undefined && configuration.prompts !== undefined)
    throw new InputError(`Give the prompts once: ${found.prompts}, or --prompts ${configuration.prompts}.`);
  const { pipeline, settings } = await readConfiguration(home, { ...configuration, ...found });
  return slices(pipeline, settings);
}

function slices(pipeline: Pipeline, settings: CommonSettings): PromptConfigs {
  const slice = (name: string): unknown => findStage(pipeline, settings, name).config(settings);
  return { ingest: slice('ingest'), filter: slice('filter'), shard: slice('shard') } as PromptConfigs;
}

/**
 * Calls `look` with the prompts of a run, or with those that a run would keep.
 * @throws InputError as {@link promptConfigs}
 * @example
 * ```ts
 * import { withPrepared } from './api/prompts/named-prompts.ts';
 * import { samplePrompts } from './datasets/tables/preview.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const prompts = { home: new Home('.textcraftor'), named: 'latest', configuration: { folder: '.', hub: { cache: 'hub' } } };
 * const rows = await withPrepared(prompts, (prepared) => samplePrompts(prepared, 3, 1));
 * console.log(rows.map(({ prompt }) => prompt));
 * ```
 */
export async function withPrepared<T>(
  prompts: NamedPrompts,
  look: (prepared: PreparedPrompts) => Promise<T>,
): Promise<T> {
  const { home } = prompts;
  const found = await lookedAt(prompts);
  return inTemporaryFolder('prompts', async (scratch) => {
    if ('run' in found) {
      const run = await new RunRecords(home).read(found.run);
      const { ingest, filter } = await verifiedFolders(home, run, ['ingest', 'filter']);
      if (ingest === undefined || filter === undefined)
        throw new InputError(`Run ${found.run} has not filtered its prompts yet. See: textcraftor status ${found.run}`);
      return look({ ingest, filter, scratch });
    }
    return look(await preparePrompts(await promptConfigs(prompts), scratch, new AbortController().signal));
  });
}
