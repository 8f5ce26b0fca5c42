/** Most items or keys shown of a list or an object, and the greatest depth. */
const [MOST, DEEPEST] = [8, 3];

/**
 * Quotes a value for a message: on one line and of bounded length, whatever it holds. Strings are quoted and their
 * control characters escaped.
 *
 * @param length most characters
 */
export function short(value: unknown, length = 80): string {
  return cut(describe(value, DEEPEST, length), length);
}

/**
 * Like {@link short}, for text in which letters could be mistaken for others: shows a question mark for anything not
 * ASCII.
 */
export function plain(value: unknown): string {
  return short(value).replace(/[^\x20-\x7e]/g, '?');
}

/** Cuts a text to `length` characters. */
export function cut(text: string, length: number): string {
  // Do not leave half a surrogate pair at the end.
  return text.length <= length ? text : `${text.slice(0, length - 3).replace(/[\ud800-\udbff]$/, '')}...`;
}

function describe(value: unknown, depth: number, length: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, length));
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return typeof value;
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) {
    if (depth === 0 && value.length > 0) return '[...]';
    const items = value.slice(0, MOST).map((item) => describe(item, depth - 1, length));
    return `[${[...items, ...(value.length > MOST ? ['...'] : [])].join(', ')}]`;
  }
  const entries: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  if (depth === 0 && entries.length > 0) return '{...}';
  const shown = entries
    .slice(0, MOST)
    .map(([key, item]) => `${describe(key, 0, length)}: ${describe(item, depth - 1, length)}`);
  return `{${[...shown, ...(entries.length > MOST ? ['...'] : [])].join(', ')}}`;
}
