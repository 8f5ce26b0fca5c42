import { z } from 'zod';
import { InputError } from '../../common/errors.ts';
import { writeFileAtomic } from '../../common/files.ts';
import { readJsonFile } from '../../common/files/foreign-files.ts';
import { short } from '../../common/text/short.ts';

/** A JSON object, as a configuration file holds it. */
export type Json = Record<string, unknown>;

/** Reads a JSON file, Python's infinities included, that must hold an object. */
export async function readJson(path: string): Promise<Json> {
  const value = await readJsonFile(path);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new InputError(`${path} does not hold a JSON object.`);
}

/** Numbers that transformers accepts as floats only: a whole one must keep its decimal point, which JavaScript drops. */
const FLOATS = /^(\s*"(?:initializer_factor|initializer_range|layer_norm_eps)": -?\d+)(?=,?$)/gm;

/** Writes a configuration as diffusers and transformers do, infinities included. */
export async function writeConfig(path: string, config: object): Promise<void> {
  // JSON.stringify would write null: a mark that no text has, which it escapes, stands for the quotes to take away.
  const marked = (_key: string, value: unknown) => (value === Infinity || value === -Infinity ? `\0${value}` : value);
  const text = JSON.stringify(config, marked, 2).replace(/"\\u0000(-?Infinity)"/g, '$1');
  await writeFileAtomic(path, `${text.replace(FLOATS, '$1.0')}\n`);
}

/**
 * A network's configuration, checked and with the defaults of diffusers or transformers filled in; keys that the schema
 * does not name are kept, so that a saved configuration holds what the loaded one held.
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

export const size = z.int('a positive integer was expected').positive('a positive integer was expected');
/** A size that no tensor of the file tells, so that it would be believed. */
export const boundedSize = (largest: number) => size.max(largest, `at most ${largest} was expected`);
export const positive = z.number('a positive number was expected').positive('a positive number was expected');

/** One value for all blocks, or a list with one for each. */
export const perBlock = z.union([size, z.array(size)], 'a positive integer or a list of them was expected');

/** The value of each of `blocks` blocks. */
export const spread = (value: number | number[], blocks: number): number[] =>
  typeof value === 'number' ? Array.from({ length: blocks }, () => value) : value;

/**
 * A variant of the architecture that is not built here: only the value that turns it off is accepted.
 * @param synonyms other values that mean the same
 */
export const only = <const T extends string | number | boolean | null>(value: T, ...synonyms: T[]) =>
  z
    .literal([value, ...synonyms], `only ${JSON.stringify(value)} is supported`)
    .default(value as never)
    .meta({ only: [value, ...synonyms] });

/** A key that must not be in the file, or be null; it is not written either. */
export const absent = only(null)
  .unwrap()
  .optional()
  .meta({ only: [null] });

/**
 * A key that the library reads but that cannot change a result here, whatever its value.
 * @param reason why, for whoever checks the tables of keys
 */
export const withoutEffect = (reason: string) => z.unknown().optional().meta({ withoutEffect: reason });
