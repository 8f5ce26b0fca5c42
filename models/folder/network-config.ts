import { z } from 'zod';
import { InputError } from '../../common/errors.ts';
import { writeFileAtomic } from '../../common/files.ts';
import { readJsonFile } from '../../common/files/foreign-files.ts';
import { short } from '../../common/text/short.ts';

/** The JSON object in a configuration file. */
export type Json = Record<string, unknown>;

/** Reads a JSON file that must hold an object; Python's infinities are accepted. */
export async function readJson(path: string): Promise<Json> {
  const value = await readJsonFile(path);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new InputError(`${path} does not hold a JSON object.`);
}

/** Numbers that transformers accepts only as floats: whole ones need a decimal point, which JavaScript drops. */
const FLOATS = /^(\s*"(?:initializer_factor|initializer_range|layer_norm_eps)": -?\d+)(?=,?$)/gm;

/** Writes a configuration as diffusers and transformers do, infinities included. */
export async function writeConfig(path: string, config: object): Promise<void> {
  // JSON.stringify would write null. The mark \0, which no text contains, shows where to remove the quotes.
  const marked = (_key: string, value: unknown) => (value === Infinity || value === -Infinity ? `\0${value}` : value);
  const text = JSON.stringify(config, marked, 2).replace(/"\\u0000(-?Infinity)"/g, '$1');
  await writeFileAtomic(path, `${text.replace(FLOATS, '$1.0')}\n`);
}

/**
 * Checks a network's configuration and fills in the defaults of diffusers or transformers. Keys that the schema does
 * not name are kept, so saving a loaded configuration loses nothing.
 * @param source the file, for messages
 */
export function parseConfig<T>(schema: z.ZodType<T>, json: unknown, source: string): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const key = issue!.path.join('.') || 'the configuration';
  const value = issue!.path.reduce<unknown>((at, step) => (at as Json | undefined)?.[step as string], json);
  throw new InputError(`${source}: ${key} is ${short(value)}: ${issue!.message}.`);
}

export const size = z.int('expected a positive integer').positive('expected a positive integer');
/** A size that no tensor's shape confirms, so it needs a bound. */
export const boundedSize = (largest: number) => size.max(largest, `expected at most ${largest}`);
export const positive = z.number('expected a positive number').positive('expected a positive number');

/** One value for all blocks, or a list with one for each. */
export const perBlock = z.union([size, z.array(size)], 'expected a positive integer or a list of them');

/** Returns the value of each of `blocks` blocks. */
export const spread = (value: number | number[], blocks: number): number[] =>
  typeof value === 'number' ? Array.from({ length: blocks }, () => value) : value;

/**
 * A variant of the architecture that is not supported: only the value that turns it off is accepted.
 * @param synonyms other values that mean the same
 */
export const only = <const T extends string | number | boolean | null>(value: T, ...synonyms: T[]) =>
  z
    .literal([value, ...synonyms], `only ${JSON.stringify(value)} is supported`)
    .default(value as never)
    .meta({ only: [value, ...synonyms] });

/** A key that must be absent or null; it is not written either. */
export const absent = only(null)
  .unwrap()
  .optional()
  .meta({ only: [null] });

/**
 * A key that the library reads but that cannot change a result here, whatever its value.
 * @param reason why, for readers of the tables of keys
 */
export const withoutEffect = (reason: string) => z.unknown().optional().meta({ withoutEffect: reason });
