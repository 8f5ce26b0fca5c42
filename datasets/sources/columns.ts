import { InputError } from '../../common/errors.ts';
import { reasonOf } from '../../common/text/reason.ts';

/** Names of prompt columns in public data sets, best first: OpenPrompt, DiffusionDB, Parti-Prompts; COCO, LAION. */
export const usualColumns = ['prompt', 'prompts', 'caption', 'text'];

/** Location of the prompt: a column, and the keys that lead to it if the column holds objects or JSON. */
export interface PromptPlace {
  column: number;
  keys: readonly string[];
}

/**
 * Locates the prompt: in the named column, else in one with a usual name, ignoring case. A name such as `raw_data.prompt`
 * that is not a column is a path into one.
 * @param name the file's name in messages
 * @throws InputError naming the columns found
 */
export function promptPlace(name: string, columns: readonly string[], wanted: string | undefined): PromptPlace {
  for (const candidate of wanted === undefined ? usualColumns : [wanted]) {
    const column = columnNamed(name, columns, candidate);
    if (column >= 0) return { column, keys: [] };
  }
  if (wanted?.includes('.')) {
    const [first, ...keys] = wanted.split('.');
    const column = columnNamed(name, columns, first!);
    if (column >= 0) return { column, keys };
  }
  const shown = columns.slice(0, 20).map((column) => `"${column.slice(0, 40)}"`);
  const found =
    columns.length === 0
      ? 'it has no columns'
      : `the columns are ${shown.join(', ')}${columns.length > 20 ? ', ...' : ''}`;
  throw new InputError(
    wanted === undefined
      ? `${name}: no prompt column (${usualColumns.join(', ')}); ${found}. Name the one with the prompts (prompts.column).`
      : `${name}: no column "${wanted}"; ${found}.`,
  );
}

/** Returns the index of a column, or -1. @throws InputError when two have the name */
function columnNamed(name: string, columns: readonly string[], wanted: string): number {
  const at = columns.indexOf(wanted);
  const plain = (text: string): string => text.trim().toLowerCase();
  const same = at >= 0 ? (text: string) => text === wanted : (text: string) => plain(text) === plain(wanted);
  const found = columns.flatMap((column, i) => (same(column) ? [i] : []));
  if (found.length > 1)
    throw new InputError(`${name}: columns ${found.map((i) => i + 1).join(' and ')} are both named "${wanted}".`);
  return found[0] ?? -1;
}

/** Returns the prompt in a column's value: text, null for none, or why it is not text (as {@link Fault.reason}). */
export function promptOf(value: unknown, { keys }: PromptPlace, label: string): string | null | { reason: string } {
  let found: unknown = value;
  for (const [i, key] of keys.entries()) {
    const at = [label, ...keys.slice(0, i)].join('.');
    if (typeof found === 'string') {
      try {
        found = JSON.parse(found);
      } catch (error) {
        return { reason: `has no JSON in "${at}" (${reasonOf(error, 100)})` };
      }
    }
    if (typeof found !== 'object' || found === null) return null;
    if (Array.isArray(found)) {
      if (!isIndex(key)) return { reason: `has an array in "${at}"; name its element, such as ${at}.0.${key}` };
      found = found[Number(key)];
    } else {
      const member = memberOf(found, key);
      if ('reason' in member) return member;
      found = member.value;
    }
  }
  if (found === null || found === undefined) return null;
  if (typeof found === 'string') return found.isWellFormed() ? found : found.toWellFormed();
  return { reason: `has ${brief(found)} in "${[label, ...keys].join('.')}"; expected text or null` };
}

/** Returns the value of an object's key, matched exactly or else ignoring case. */
export function memberOf(object: object, key: string): { value: unknown } | { reason: string } {
  const members = object as Record<string, unknown>;
  if (Object.hasOwn(members, key)) return { value: members[key] };
  const plain = key.trim().toLowerCase();
  const same = Object.keys(members).filter((each) => each.trim().toLowerCase() === plain);
  if (same.length > 1) return { reason: `has the keys ${same.map((each) => `"${each}"`).join(' and ')} for "${key}"` };
  return { value: same.length === 1 ? members[same[0]!] : undefined };
}

/** Returns whether a key of a path is a 0-based element index. */
export function isIndex(key: string): boolean {
  return /^\d{1,9}$/.test(key);
}

/** Shortens a value for a message, however deep it is. */
function brief(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Uint8Array) return 'bytes that are not UTF-8';
  return typeof value === 'object' ? 'an object' : `the ${typeof value} ${String(value).slice(0, 40)}`;
}
