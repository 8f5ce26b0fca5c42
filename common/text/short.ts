/** Items and keys that are shown of a list or an object, and how deep. */
const [MOST, DEEPEST] = [8, 3];

/**
 * A value as it is quoted in a message: on one line and bounded, whatever it holds. Texts stand in quotes, control
 * characters in them escaped.
 *
 * @param length characters at most
 */
export function short(value: unknown, length = 80): string {
  return cut(describe(value, DEEPEST, length), length);
}

/** As {@link short}, where letters could be taken for others: whatever is not ASCII is a question mark. */
export function plain(value: unknown): string {
  return short(value).replace(/[^\x20-\x7e]/g, '?');
}

/** A text, cut to `length` characters. */
export function cut(text: string, length: number): string {
  // No half of a surrogate pair is left at the end.
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
