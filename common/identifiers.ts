import { InputError } from './errors.ts';
import { plain } from './text/short.ts';

/*
 * Identifiers in messages, on the command line, in records and in paths. Everything read from outside is checked here
 * before use. Free of dependencies: workflows, which are bundled, use it too.
 */

interface Form {
  /** With its article. */
  what: string;
  pattern: RegExp;
  /** In characters. */
  longest: number;
  /** Completes "... is ". */
  is: string;
  /** Names that fit the pattern but are not allowed. */
  reserved?: readonly string[];
}

const words = 'lower-case letters, digits and hyphens';

const forms = {
  run: {
    what: 'a run id',
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
    longest: 160,
    is: 'letters, digits, dots, hyphens and underscores, and begins with a letter or a digit',
    reserved: ['latest'],
  },
  stage: {
    what: 'a stage name',
    pattern: /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
    longest: 100,
    is: 'lower-case words joined by hyphens',
    reserved: ['constructor'], // every object of JavaScript has it
  },
  name: { what: 'a name', pattern: /^[a-z0-9][a-z0-9-]*$/, longest: 100, is: words },
  schedule: { what: 'a schedule name', pattern: /^[a-z0-9][a-z0-9-]*$/, longest: 100, is: words },
  alias: { what: 'an alias', pattern: /^[a-z][a-z0-9-]*$/, longest: 100, is: words, reserved: ['constructor'] },
  partition: {
    what: 'a day',
    pattern: /^(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
    longest: 10,
    is: 'written such as 2026-11-24',
  },
  digest: { what: 'a digest', pattern: /^[0-9a-f]{64}$/, longest: 64, is: 'a sha256 in 64 hexadecimal digits' },
  queue: {
    what: 'a task queue',
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
    longest: 160,
    is: 'letters, digits, dots, hyphens and underscores',
  },
  request: {
    what: 'a request',
    pattern: /^[A-Za-z0-9-]+ \d+$/,
    longest: 100,
    is: 'the id of an execution, a space and a number',
  },
} as const satisfies Record<string, Form>;

export type IdentifierKind = keyof typeof forms;

/** Returns the greatest length of an identifier of a kind, in characters. */
export const longest = (kind: IdentifierKind): number => forms[kind].longest;

export function isIdentifier(kind: IdentifierKind, value: unknown): value is string {
  const form: Form = forms[kind];
  return (
    typeof value === 'string' &&
    value.length <= form.longest &&
    form.pattern.test(value) &&
    !form.reserved?.includes(value)
  );
}

/** Returns `value` if it is an identifier of the kind. @throws InputError that shows it and describes a valid one */
export function identifier(kind: IdentifierKind, value: unknown): string {
  if (isIdentifier(kind, value)) return value;
  const { what, is, longest }: Form = forms[kind];
  const subject = what[0]!.toUpperCase() + what.slice(1);
  throw new InputError(`${subject} is ${is}, at most ${longest} characters; got ${plain(value)}.`);
}

/**
 * Returns `name` if it names something directly inside a folder: no separator, no `..`, nothing hidden.
 * @throws InputError that shows it
 */
export function pathSegment(name: string): string {
  if (typeof name === 'string' && name.length <= 200 && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return name;
  throw new InputError(
    `${plain(name)} cannot name a file or folder here: expected up to 200 letters, digits, dots, hyphens and underscores, a letter or digit first.`,
  );
}
