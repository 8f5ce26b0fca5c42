import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, YAMLParseError } from 'yaml';
import type { ZodError, ZodType } from 'zod';
import { InputError } from '../common/errors.ts';
import { readInputText } from '../common/input-file.ts';
import { applySettings } from './config-settings.ts';
import { knownKeys } from './config-keys.ts';
import { nearest } from '../common/nearest.ts';
import type { CommonSettings, Pipeline } from './pipeline.ts';

/** The checkout: shipped configurations and weights are found here from any folder. */
export const checkout = fileURLToPath(new URL('..', import.meta.url));

/** A relative path as the user means it: from `folder`, or else from the checkout when it is there and not in the folder. */
export function absolutePath(path: string, folder: string): string {
  if (isAbsolute(path)) return path;
  const [here, shipped] = [resolve(folder, path), resolve(checkout, path)];
  return !existsSync(here) && existsSync(shipped) ? shipped : here;
}

export interface ConfigSource {
  /** A YAML file. */
  file: string;
  /** `a.b=c`, in order; the last one wins. */
  settings?: readonly string[];
  /** Relative paths, also those inside of the file, start here. */
  folder: string;
  /** Puts paths in the place of what has to be fetched first, in a configuration that is checked. */
  fetch?: <T>(settings: T) => Promise<T>;
}

/** Reads, overrides and checks a configuration. @throws InputError that names the file and the key */
export async function loadConfig<Settings extends CommonSettings>(
  pipeline: Pipeline<Settings>,
  { file, settings = [], folder, fetch = async (checked) => checked }: ConfigSource,
): Promise<Settings> {
  const raw = applySettings(await readYaml(absolutePath(file, folder), file), settings);
  const checked = checkConfig(pipeline.schema, raw, file);
  checkStageNames(pipeline, checked, file);
  const config = await fetch(checked);
  return pipeline.resolvePaths?.(config, (path) => absolutePath(path, folder)) ?? config;
}

/** `raw` with its defaults filled in. `origin` names it in messages. */
export function checkConfig<Settings>(schema: ZodType<Settings>, raw: unknown, origin: string): Settings {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  throw new InputError(`${origin}: ${describe(schema, raw, result.error)}`);
}

/** @throws InputError when the section `stages` names one that the pipeline does not have */
export function checkStageNames<Settings extends CommonSettings>(
  pipeline: Pipeline<Settings>,
  { stages = {} }: CommonSettings,
  origin: string,
): void {
  const names = pipeline.stages.map(({ name }) => name);
  const unknown = Object.keys(stages).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new InputError(
      `${origin}: "stages.${unknown}" is no stage; did you mean "stages.${nearest(unknown, names)}"?`,
    );
}

/** @param name what messages call it */
export async function readYaml(path: string, name: string): Promise<unknown> {
  const text = await readInputText(path).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOENT' ? 'there is no such file' : error.message;
    throw new InputError(`Configuration ${name}: ${reason}.`);
  });
  try {
    return parse(text) as unknown;
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    const line = error.linePos?.[0].line;
    throw new InputError(
      `${name}${line === undefined ? '' : `, line ${line}`}: not YAML: ${error.message.split('\n')[0]}`,
    );
  }
}

/** The first problem as a sentence; unknown keys first, since a misspelt key also leaves the right one missing. */
function describe(schema: ZodType, raw: unknown, error: ZodError): string {
  const issue = error.issues.find(({ code }) => code === 'unrecognized_keys') ?? error.issues[0]!;
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const guess = nearest(key, knownKeys(schema, path));
    return `unknown key "${[...path, key].join('.')}"; did you mean "${[...path, guess].join('.')}"?`;
  }
  const where = path.length > 0 ? path.join('.') : 'the configuration';
  if (issue.code === 'invalid_type' && valueAt(raw, path) === undefined) return `"${where}" is missing.`;
  return `"${where}" ${issue.message
    .replace(/^Invalid input: /, 'is wrong: ')
    .replace(/^Invalid option: /, 'is wrong: ')
    .replace(/^Too /, 'is too ')}.`;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], value);
}
