import { parse } from 'yaml';
import { InputError } from '../common/errors.ts';
import { nearest } from '../common/nearest.ts';

type Node = Record<string, unknown> | unknown[];

/** A copy of `raw` with settings such as `tuneEncoder.steps=20` or `rewards.clip.weight=0` (list items by their name or index). */
export function applySettings(raw: unknown, settings: readonly string[]): unknown {
  const copy = structuredClone(raw ?? {});
  for (const setting of settings) apply(copy as Node, setting);
  return copy;
}

function apply(root: Node, setting: string): void {
  const [, path, text] = /^([^=\s]+)=(.*)$/s.exec(setting) ?? [];
  if (path === undefined || text === undefined)
    throw new InputError(`--set ${setting}: expected KEY=VALUE, such as tuneEncoder.steps=20.`);
  const keys = path.split('.');
  let at = root;
  for (const [i, key] of keys.slice(0, -1).entries()) {
    const place = Array.isArray(at) ? itemIndex(at, key, setting) : key;
    const next = (at as Record<string, unknown>)[place] ?? ((at as Record<string, unknown>)[place] = {});
    if (typeof next !== 'object')
      throw new InputError(
        `--set ${setting}: "${keys.slice(0, i + 1).join('.')}" is a value and has no keys of its own.`,
      );
    at = next as Node;
  }
  const last = keys.at(-1)!;
  (at as Record<string, unknown>)[Array.isArray(at) ? itemIndex(at, last, setting) : last] = value(text, setting);
}

/** The text as YAML: a number, true, a list, or plain text. */
function value(text: string, setting: string): unknown {
  try {
    const parsed: unknown = parse(text);
    // Plain text is as it stands: YAML would cut a path at ` #`, and fold its line ends and outer spaces.
    return typeof parsed === 'string' && !/^\s*['"!&|>]/.test(text) ? text : parsed;
  } catch {
    throw new InputError(`--set ${setting}: "${text}" is not a YAML value; quote it.`);
  }
}

function itemIndex(items: readonly unknown[], key: string, setting: string): string {
  if (/^\d+$/.test(key) && Number(key) < items.length) return key;
  const names = items.map((item) => (item as { name?: unknown } | null)?.name).map(String);
  const index = names.indexOf(key);
  if (index >= 0) return String(index);
  throw new InputError(`--set ${setting}: no item is named "${key}"; did you mean "${nearest(key, names)}"?`);
}
