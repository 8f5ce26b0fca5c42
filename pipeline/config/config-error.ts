import type { ZodError, ZodType } from 'zod';
import { nearest } from '../../common/text/nearest.ts';
import { short } from '../../common/text/short.ts';
import { knownKeys } from './config-keys.ts';

type Issue = ZodError['issues'][number];

/** Describes the first problem; unknown keys come first, since a misspelled key also leaves the right one missing. */
export function describeError(schema: ZodType, raw: unknown, error: ZodError): string {
  const issue = error.issues.find(({ code }) => code === 'unrecognized_keys') ?? error.issues[0]!;
  return describeIssue(schema, raw, issue, []);
}

/** @param above the path to the value that the issue's own path starts from */
function describeIssue(schema: ZodType, raw: unknown, issue: Issue, above: readonly string[]): string {
  const path = [...above, ...issue.path.map(String)];
  if (issue.code === 'invalid_union') {
    // The user most likely meant the alternative with the fewest faults, and among those the deepest.
    const [best] = issue.errors
      .flatMap((faults) => faults.slice(0, 1).map((fault) => ({ fault, count: faults.length })))
      .filter(({ fault }) => fault.path.length > 0 || fault.code === 'unrecognized_keys')
      .toSorted((a, b) => a.count - b.count || b.fault.path.length - a.fault.path.length);
    if (best) return describeIssue(schema, raw, best.fault, path);
  }
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const guess = nearest(key, knownKeys(schema, path));
    const known = guess === undefined ? '' : `; did you mean "${[...path, guess].join('.')}"?`;
    return `unknown key ${short([...path, key].join('.'), 200)}${known}${known === '' ? '.' : ''}`;
  }
  const where = path.length > 0 ? short(path.join('.'), 200) : 'the configuration';
  const value = valueAt(raw, path);
  if (['invalid_type', 'invalid_union'].includes(issue.code) && value === undefined) return `${where} is missing.`;
  const message = issue.message
    .replace(/^Invalid input$/, `is wrong: got ${short(value)}`)
    .replace(/^Invalid input: /, 'is wrong: ')
    .replace(/^Invalid option: /, 'is wrong: ')
    .replace(/^Invalid /, 'is not a valid ')
    .replace(/^Too /, 'is too ');
  return `${where} ${message}.`;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? at[key as never] : undefined),
    value,
  );
}
