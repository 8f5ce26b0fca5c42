import { isDeepStrictEqual } from 'node:util';

/** A key whose values are not equal in all configurations. */
export interface SettingDifference {
  /** Such as `tuneEncoder.steps`, or `rewards.clip.weight`: items of a list are called by their names. */
  key: string;
  /** Its value in each configuration; null where it is left out. */
  values: unknown[];
}

/**
 * Lists the keys in which configurations differ, in the order of the first that has them.
 * @example
 * ```ts
 * import { settingDifferences } from './api/comparison/setting-differences.ts';
 *
 * const [difference] = settingDifferences([{ seed: 1, steps: 8 }, { seed: 2, steps: 8 }]);
 * console.log(difference); // { key: 'seed', values: [1, 2] }
 * ```
 */
export function settingDifferences(configurations: readonly unknown[]): SettingDifference[] {
  const all = configurations.map((each) => new Map(leaves(each)));
  const keys = [...new Set(all.flatMap((each) => [...each.keys()]))];
  return keys
    .map((key) => ({ key, values: all.map((each) => each.get(key) ?? null) }))
    .filter(({ values: [first, ...others] }) => others.some((value) => !isDeepStrictEqual(value, first)));
}

/** Lists the values of a configuration with their keys. A list whose items have no names is one value. */
function leaves(value: unknown, key = ''): [string, unknown][] {
  const below = (name: string, item: unknown) => leaves(item, key === '' ? name : `${key}.${name}`);
  if (Array.isArray(value) && value.length > 0 && value.every((item) => nameOf(item) !== undefined))
    return value.flatMap((item) => below(nameOf(item)!, item));
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return Object.entries(value).flatMap(([name, item]) => below(name, item));
  return [[key, value]];
}

const nameOf = (item: unknown): string | undefined => {
  const name = (item as { name?: unknown } | null)?.name;
  return typeof name === 'string' ? name : undefined;
};
