import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import { InputError } from '../../common/errors.ts';
import { makeFolders } from '../../common/files.ts';
import { nearest } from '../../common/text/nearest.ts';
import type { HubOptions } from '../../common/hub/options.ts';
import { isIdentifier } from '../../common/identifiers.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { lookUpConfiguration } from '../configuration.ts';
import { planAt, type Plan } from '../runs/plan-run.ts';
import { configurationText, rewardChoices, usualRewards, type Answers } from './configuration-template.ts';

export interface InitOptions extends Partial<Answers> {
  /** The file to write; it must not exist. */
  file: string;
  /** Relative paths in the configuration start here. */
  folder: string;
  hub: HubOptions;
  environment?: NodeJS.ProcessEnv;
}

/** The embedded world is the default, for its model and its prompts. */
const DEFAULT_MODEL = 'gallery';

/**
 * Writes a commented configuration, if a run would take it: it is planned, and removed again when the plan refuses it.
 * Downloads nothing.
 * @returns the plan of a run with it
 * @throws InputError when the file exists, a reward is unknown, or the plan refuses the configuration
 * @example
 * ```ts
 * import { initConfiguration } from './api/settings/init-configuration.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const options = { file: 'mine.yaml', folder: process.cwd(), hub: { cache: 'hub' } };
 * const { stages } = await initConfiguration(new Home('.textcraftor'), { ...options, model: 'shapes', rewards: ['clip'] });
 * console.log(stages.length);
 * ```
 */
export async function initConfiguration(home: Home, options: InitOptions): Promise<Plan> {
  const { folder, hub, environment } = options;
  const file = resolve(folder, options.file);
  requireFree(file, options.file);
  const text = configurationText(complete(options));
  await makeFolders(dirname(file));
  await writeFile(file, text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') requireFree(file, options.file);
    throw error;
  });
  try {
    const { pipeline, settings, fetches } = await lookUpConfiguration(home, { file, folder, hub });
    return await planAt(home, pipeline, settings, { fetches, environment });
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

/**
 * Refuses to overwrite a configuration.
 * @param name of the file in the message
 * @throws InputError when it exists
 * @example
 * ```ts
 * import { requireFree } from './api/settings/init-configuration.ts';
 *
 * requireFree('/home/me/mine.yaml', 'mine.yaml');
 * ```
 */
export function requireFree(path: string, name: string): void {
  if (existsSync(path)) throw new InputError(`${name} exists already; name another file, or move that one.`);
}

/** Fills in what was not answered, and checks the rest. */
function complete({ file, name, model = DEFAULT_MODEL, prompts, rewards }: InitOptions): Answers {
  const stem = basename(file, extname(file));
  const known = rewardChoices(model).map((each) => each.name);
  const unknown = rewards?.find((each) => !known.includes(each));
  if (unknown !== undefined)
    throw new InputError(
      `There is no reward "${unknown}" for this model; did you mean "${nearest(unknown, known)}"? They are ${known.join(', ')}.`,
    );
  const chosen = rewards ?? usualRewards(model);
  const isEmbedded = model === 'shapes' || model === 'gallery';
  if (prompts === undefined && !isEmbedded)
    throw new InputError(
      `No prompts were named: add --prompts with a file, folder, pattern or hf://datasets/OWNER/NAME.`,
    );
  if (!isEmbedded && chosen.length === known.length)
    throw new InputError(
      `One of ${known.slice(1).join(', ')} has to judge the result, so nothing may be trained on it; leave one out.`,
    );
  return {
    name: name ?? (isIdentifier('name', stem) ? stem : 'mine'),
    model,
    prompts: prompts ?? model,
    rewards: chosen,
  };
}
