import { InputError } from '../../common/errors.ts';
import { nearest } from '../../common/text/nearest.ts';
import { cut } from '../../common/text/short.ts';
import { parseYaml, reservedKeys } from './yaml.ts';

type Node = Record<string, unknown> | unknown[];

/** A setting that was applied. */
interface Applied {
  setting: string;
  /** Places in lists are numbers, whatever the setting calls them. */
  path: readonly string[];
  value: unknown;
}

/**
 * Applies settings such as `tuneEncoder.steps=20` or `rewards.clip.weight=0` (list items by name or index) to a copy. The value null, or
 * none, removes a key.
 * @throws InputError for a setting that cannot be applied, and for two that give a key different values
 */
export function applySettings(raw: unknown, settings: readonly string[]): unknown {
  const copy: unknown = structuredClone(raw ?? {});
  const applied = settings.map((setting) => apply(copy, setting));
  for (const [i, { path, value, setting }] of applied.entries()) {
    if (
      holds(
        path.reduce<unknown>((at, key) => (isNode(at) ? own(at, key) : undefined), copy),
        value,
      )
    )
      continue;
    const other = applied.findLast((each, j) => j > i && path.every((key, k) => (each.path[k] ?? key) === key))!;
    throw new InputError(
      `--set ${cut(other.setting, 200)}: contradicts --set ${cut(setting, 200)}, which is given too; give one of them.`,
    );
  }
  return copy;
}

/** Whether a value still has all that was set. */
function holds(found: unknown, set: unknown): boolean {
  if (set === null) return found === undefined;
  if (!isNode(set)) return found === set || (Number.isNaN(found) && Number.isNaN(set));
  if (!isNode(found) || Array.isArray(found) !== Array.isArray(set)) return false;
  if (Array.isArray(set) && set.length !== (found as unknown[]).length) return false;
  return Object.keys(set).every((key) => holds(own(found, key), own(set, key)));
}

function apply(root: unknown, setting: string): Applied {
  const fail = (problem: string): never => {
    throw new InputError(`--set ${cut(setting, 200)}: ${problem}`);
  };
  const [, path, text] = /^([^=\s]+)=(.*)$/s.exec(setting) ?? [];
  const keys = path?.split('.') ?? [];
  if (path === undefined || text === undefined || keys.includes(''))
    return fail('expected KEY=VALUE, such as tuneEncoder.steps=20.');
  const reserved = keys.find((key) => reservedKeys.includes(key));
  if (reserved !== undefined) return fail(`"${reserved}" cannot be a key of a configuration.`);
  if (!isNode(root)) return fail('the configuration is a single value and has no keys.');
  const parsed = value(text, fail);
  const places: string[] = [];
  let at = root;
  for (const [i, key] of keys.slice(0, -1).entries()) {
    const place = Array.isArray(at) ? itemIndex(at, key, fail) : key;
    places.push(place);
    let next = own(at, place);
    if (next === undefined || next === null) {
      if (parsed === null) return fail(nothingToRemove(at, key));
      put(at, place, (next = {}));
    }
    if (!isNode(next)) return fail(`"${keys.slice(0, i + 1).join('.')}" is a value, so it has no keys.`);
    at = next;
  }
  const last = keys.at(-1)!;
  places.push(Array.isArray(at) ? itemIndex(at, last, fail) : last);
  if (parsed !== null) put(at, places.at(-1)!, structuredClone(parsed));
  else if (Array.isArray(at)) return fail('an item of a list cannot be removed; give the list without it.');
  else if (own(at, last) === undefined) return fail(nothingToRemove(at, last));
  else Reflect.deleteProperty(at, last);
  return { setting, path: places, value: parsed };
}

/** A key to remove may be absent because it is misspelled, which the schema would not see. */
function nothingToRemove(at: Node, key: string): string {
  const keys = Object.keys(at);
  const meant = keys.length > 0 ? `; did you mean "${nearest(key, keys)}"?` : '.';
  return `there is no "${cut(key, 80)}" to remove${meant}`;
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
const own = (node: Node, key: string): unknown =>
  Object.hasOwn(node, key) ? (node as Record<string, unknown>)[key] : undefined;
const put = (node: Node, key: string, value: unknown): void => void ((node as Record<string, unknown>)[key] = value);

/** Parses the text as YAML: a number, true, a list, or plain text. */
function value(text: string, fail: (problem: string) => never): unknown {
  try {
    const parsed = parseYaml(text);
    // Plain text is taken verbatim: YAML would cut a path at ` #`, fold line ends and trim spaces.
    return typeof parsed === 'string' && !/^\s*['"!&|>]/.test(text) ? text : parsed;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return fail(`"${cut(text, 80)}" is not a YAML value; quote it.`);
  }
}

function itemIndex(items: readonly unknown[], key: string, fail: (problem: string) => never): string {
  if (/^\d+$/.test(key) && Number(key) < items.length) return String(Number(key));
  const names = items
    .map((item) => (item as { name?: unknown } | null)?.name)
    .flatMap((name) => name ?? [])
    .map(String);
  const index = items.findIndex((item) => isNode(item) && own(item, 'name') === key);
  if (index >= 0) return String(index);
  if (/^\d+$/.test(key) || names.length === 0)
    return fail(`there is no item ${key}: the list has ${items.length}, counted from 0.`);
  return fail(`no item is named "${key}"; did you mean "${nearest(key, names)}"?`);
}
