/** A setting that has another value in one configuration than in another; undefined where it is absent. */
export interface SettingChange {
  /** Its place, such as `tuneEncoder.steps` or `rewards.clip.weight`. */
  key: string;
  from: unknown;
  to: unknown;
}

/**
 * Lists the settings that differ between two configurations, in the order of the first and then of the second. Items
 * with a name (rewards, arms) are compared by it, other lists as a whole.
 * @example
 * ```ts
 * import { settingChanges } from './api/watch/setting-changes.ts';
 *
 * console.log(settingChanges({ tuneEncoder: { steps: 80 } }, { tuneEncoder: { steps: 160 } }));
 * // [{ key: 'tuneEncoder.steps', from: 80, to: 160 }]
 * ```
 */
export function settingChanges(from: unknown, to: unknown): SettingChange[] {
  const [before, after] = [leavesOf(from), leavesOf(to)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => JSON.stringify(before.get(key)) !== JSON.stringify(after.get(key)))
    .map((key) => ({ key, from: before.get(key), to: after.get(key) }));
}

/**
 * Returns the values of a configuration by their places.
 * @example
 * ```ts
 * import { leavesOf } from './api/watch/setting-changes.ts';
 *
 * console.log(leavesOf({ rewards: [{ name: 'clip', weight: 100 }] }).get('rewards.clip.weight')); // 100
 * ```
 */
export function leavesOf(value: unknown, at = ''): Map<string, unknown> {
  const entries = entriesOf(value);
  if (!entries) return new Map(at === '' ? [] : [[at, value]]);
  return new Map(entries.flatMap(([key, item]) => [...leavesOf(item, at === '' ? key : `${at}.${key}`)]));
}

/** Returns the parts of an object or of a list of named objects; undefined for anything else. */
function entriesOf(value: unknown): [string, unknown][] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!Array.isArray(value)) return Object.entries(value);
  const items: unknown[] = value;
  const names = items.map((item) => (item as { name?: unknown } | null)?.name);
  const areNames = names.every((name) => typeof name === 'string') && new Set(names).size === names.length;
  return areNames && items.length > 0 ? items.map((item, i) => [names[i] as string, item]) : undefined;
}
