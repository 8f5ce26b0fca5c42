import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ZodType } from 'zod';
import { InputError } from '../../common/errors.ts';
import { readInput } from '../../common/files/input-file.ts';
import { describeError } from './config-error.ts';
import { applySettings } from './config-settings.ts';
import { nearest } from '../../common/text/nearest.ts';
import { short } from '../../common/text/short.ts';
import type { Pipeline } from '../pipeline.ts';
import type { CommonSettings } from '../common-settings.ts';
import { parseYaml, YamlError } from './yaml.ts';

/** The checkout, where shipped configurations and weights are found from any working folder. */
export const checkout = fileURLToPath(new URL('../..', import.meta.url));

/** Resolves a relative path from `folder`, or from the checkout when it exists only there. */
export function absolutePath(path: string, folder: string): string {
  if (isAbsolute(path)) return path;
  const [here, shipped] = [resolve(folder, path), resolve(checkout, path)];
  return !existsSync(here) && existsSync(shipped) ? shipped : here;
}

export interface ConfigSource {
  /** A YAML file. */
  file: string;
  /** `a.b=c`; two that give a key different values are refused. */
  settings?: readonly string[];
  /** Changes what the file says before the settings do. */
  prepare?: (raw: unknown) => unknown;
  /** Relative paths start here, including those inside the file. */
  folder: string;
  /** Fetches remote models and prompts of a checked configuration, and replaces them by local paths. */
  fetch?: <T>(settings: T) => Promise<T>;
}

/** Reads a configuration, fetches what is remote, and makes paths absolute. @throws InputError that names the file and the key */
export async function loadConfig<Settings extends CommonSettings>(
  pipeline: Pipeline<Settings>,
  { fetch = async (checked) => checked, folder, ...source }: ConfigSource,
): Promise<Settings> {
  const { checked } = await readConfig(pipeline, { ...source, folder });
  const config = await fetch(checked);
  return pipeline.resolvePaths?.(config, (path) => absolutePath(path, folder)) ?? config;
}

/** A configuration before anything is fetched, with its paths as they were written. */
export interface ReadConfig<Settings> {
  /** What the file says. */
  written: unknown;
  /** The same with the overrides. */
  given: unknown;
  /** The same, checked, with defaults. */
  checked: Settings;
}

/** Reads a configuration, applies the overrides and checks it. @throws InputError that names the file and the key */
export async function readConfig<Settings extends CommonSettings>(
  pipeline: Pipeline<Settings>,
  { file, settings = [], prepare = (raw) => raw, folder }: Omit<ConfigSource, 'fetch'>,
): Promise<ReadConfig<Settings>> {
  const written = prepare(await readYaml(absolutePath(file, folder), file));
  const given = applySettings(written, settings);
  const checked = checkConfig(pipeline.schema, given, file);
  checkStageNames(pipeline, checked, file);
  return { written, given, checked };
}

/** Checks `raw` and fills in its defaults. `origin` names it in messages. */
export function checkConfig<Settings>(schema: ZodType<Settings>, raw: unknown, origin: string): Settings {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  throw new InputError(`${origin}: ${describeError(schema, raw, result.error)}`);
}

/** @throws InputError when the section `stages` names a stage that the pipeline does not have */
export function checkStageNames<Settings extends CommonSettings>(
  pipeline: Pipeline<Settings>,
  { stages = {} }: CommonSettings,
  origin: string,
): void {
  const names = pipeline.stages.map(({ name }) => name);
  const unknown = Object.keys(stages).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new InputError(
      `${origin}: ${short(`stages.${unknown}`)} is not a stage; did you mean "stages.${nearest(unknown, names)}"?`,
    );
}

/** Reads a YAML file. @param name the file's name in messages */
export async function readYaml(path: string, name: string): Promise<unknown> {
  const bytes = await readInput(path).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOENT' ? 'there is no such file' : error.message;
    throw new InputError(`Configuration ${name}: ${reason}.`);
  });
  try {
    return parseYaml(decode(bytes, name));
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new InputError(`${name}${error.line === undefined ? '' : `, line ${error.line}`}: ${error.message}`);
  }
}

/** Decodes UTF-8, or UTF-16 if the byte order mark says so. */
function decode(bytes: Uint8Array, name: string): string {
  const [first, second] = bytes;
  const marked =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
  try {
    const text = new TextDecoder(marked ?? 'utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // falls through to the error below
  }
  throw new InputError(`Configuration ${name}: is neither UTF-8 nor UTF-16 with a byte order mark; save it as UTF-8.`);
}
