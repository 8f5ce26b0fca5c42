import { stat } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { InputError } from '../common/errors.ts';
import { requireFile } from '../common/files/input-file.ts';
import type { Pipeline } from './pipeline.ts';
import type { CommonSettings } from './common-settings.ts';
import { reasonOf } from '../common/text/reason.ts';

/** The default pipeline. */
export const defaultPipeline = 'textcraftor';

/**
 * Loads a pipeline by name, or by the path of a module that exports one as `pipeline`.
 * @throws InputError when it cannot be loaded
 */
export async function loadPipeline(name: string): Promise<Pipeline> {
  if (name === defaultPipeline) return erase((await import('./textcraftor.ts')).textcraftor);
  const load = async (): Promise<unknown> => {
    requireFile(await stat(name));
    return import(pathToFileURL(name).href);
  };
  const module = (await load().catch((error: Error) => {
    throw new InputError(`Pipeline ${name} cannot be loaded: ${reasonOf(error)}`);
  })) as { pipeline?: Pipeline };
  if (!module.pipeline)
    throw new InputError(`${name} does not export a pipeline; add: export const pipeline = definePipeline(...)`);
  return module.pipeline;
}

/** Erases the type of the settings; the pipeline's own schema checks them from here on. */
function erase<Settings extends CommonSettings>(pipeline: Pipeline<Settings>): Pipeline {
  return pipeline as unknown as Pipeline;
}
