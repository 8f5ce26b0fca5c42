import { InputError } from './errors.ts';
import { identifier, type IdentifierKind } from './identifiers.ts';
import { plain } from './text/short.ts';

/**
 * Checks a value from outside and returns it rebuilt of the expected parts and nothing else. Free of dependencies,
 * since workflows use it to check what they are sent.
 *
 * @param at where the value was found, for the message
 * @throws InputError that names the place and what was expected there
 */
export type Shape<T> = (value: unknown, at: string) => T;

/**
 * Expects a JSON object.
 * @param optional keys that may be absent
 * @param rest `keep` lets further keys pass, for records that may grow
 */
export function object<T extends object>(
  fields: { readonly [K in keyof T]-?: Shape<NonNullable<T[K]>> },
  optional: readonly (keyof T & string)[] = [],
  rest: 'refuse' | 'keep' = 'refuse',
): Shape<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(at, 'an object', value);
    const unknown = Object.keys(value).find((key) => !Object.hasOwn(fields, key));
    if (unknown !== undefined && rest === 'refuse')
      throw new InputError(`${at}: there is no ${plain(unknown)}; there are ${names.join(', ')}.`);
    const given = new Map(Object.entries(value));
    const parsed = names.flatMap((name): [string, unknown][] =>
      given.get(name) === undefined && optional.includes(name)
        ? []
        : [[name, fields[name](given.get(name), `${at}.${name}`)]],
    );
    return { ...(rest === 'keep' ? value : {}), ...Object.fromEntries(parsed) } as T;
  };
}

/** Expects an object whose keys are identifiers. */
export function record<T>(kind: IdentifierKind, each: Shape<T>, most: number): Shape<Record<string, T>> {
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(at, 'an object', value);
    const entries = Object.entries(value);
    if (entries.length > most) throw wrong(at, `at most ${most} entries`, entries.length);
    return Object.fromEntries(
      entries.map(([key, item]): [string, T] => [located(at, () => identifier(kind, key)), each(item, `${at}.${key}`)]),
    );
  };
}

export function list<T>(each: Shape<T>, most: number): Shape<T[]> {
  return (value, at) => {
    if (!Array.isArray(value) || value.length > most) throw wrong(at, `a list of at most ${most}`, value);
    return value.map((item: unknown, i) => each(item, `${at}[${i}]`));
  };
}

export const id =
  (kind: IdentifierKind): Shape<string> =>
  (value, at) =>
    located(at, () => identifier(kind, value));

export const text =
  (most: number): Shape<string> =>
  (value, at) => {
    if (typeof value === 'string' && value.length <= most) return value;
    throw wrong(at, `a text of at most ${most} characters`, value);
  };

export const oneOf =
  <const T extends string | boolean>(...values: readonly T[]): Shape<T> =>
  (value, at) => {
    const found = values.find((each) => each === value);
    if (found === undefined) throw wrong(at, values.map(String).join(' or '), value);
    return found;
  };

export const flag: Shape<boolean> = (value, at) => oneOf(true, false)(value, at);

export const whole =
  (least: number, most: number): Shape<number> =>
  (value, at) => {
    if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
    throw wrong(at, `a whole number from ${least} to ${most}`, value);
  };

/** Expects a finite number that is not negative. */
export const amount: Shape<number> = (value, at) => {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  throw wrong(at, 'a number of 0 or more', value);
};

/** Accepts any value unchanged. */
export const anything: Shape<unknown> = (value) => value;

function located(at: string, parse: () => string): string {
  try {
    return parse();
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${at}: ${error.message}`) : error;
  }
}

function wrong(at: string, expected: string, value: unknown): InputError {
  return new InputError(`${at}: expected ${expected}; got ${plain(value)}.`);
}
