import { keyOf, type KeyParts } from './key.ts';
import type { ResultIndex, StageResult } from './results.ts';
import type { Stage } from './stage.ts';

/** A result that can stand for running the stage, or why there is none. */
export type Hit = { result: StageResult; why?: never } | { result?: never; why: string };

/**
 * Looks for a result with the same key. Its artifact is not verified here.
 *
 * @param exists whether an artifact is in the store
 */
export async function findHit(
  stage: Pick<Stage<never>, 'name' | 'cache' | 'maximumAgeSeconds'>,
  parts: KeyParts,
  results: ResultIndex,
  exists: (sha256: string) => Promise<boolean>,
  now = Date.now(),
): Promise<Hit> {
  if (stage.cache === 'off') return { why: 'its cache is off' };
  const result = await results.find(stage.name, keyOf(parts));
  if (!result) return { why: whyDifferent(parts, (await results.list(stage.name))[0]?.parts) };
  const age = (now - Date.parse(result.createdAt)) / 1000;
  if (age > (stage.maximumAgeSeconds ?? Infinity))
    return { why: `its result is ${Math.round(age)} s old, more than ${stage.maximumAgeSeconds} s` };
  if (!(await exists(result.artifact.sha256))) return { why: 'its result was deleted from the store' };
  return { result };
}

/** Which parts of a key differ from those of an earlier result, in words. */
export function whyDifferent(now: KeyParts, before: KeyParts | undefined): string {
  if (!before) return 'it has no earlier result';
  const reasons: string[] = [];
  if (now.code.sha256 !== before.code.sha256) {
    const { modules, packages } = now.code;
    const changed = [
      ...differences(modules, before.code.modules).map(({ path }) => path),
      ...differences(packages, before.code.packages).map(({ path }) => path),
    ];
    reasons.push(`code changed${changed.length > 0 ? ` (${shortList(changed)})` : ''}`);
  }
  const settings = differences(now.config, before.config).map(
    ({ path, from, to }) => `${path}: ${show(from)} -> ${show(to)}`,
  );
  if (settings.length > 0) reasons.push(`configuration changed (${shortList(settings)})`);
  if (now.seed !== before.seed) reasons.push(`seed changed (${before.seed} -> ${now.seed})`);
  const inputs = differences(now.inputs, before.inputs).map(({ path }) => path);
  if (inputs.length > 0) reasons.push(`input changed (${shortList(inputs)})`);
  const engine = differences(now.engine ?? {}, before.engine ?? {}).map(({ path }) => path);
  if (engine.length > 0) reasons.push(`engine changed (${shortList(engine)})`);
  return reasons.length > 0 ? reasons.join('; ') : 'its result has no record any more';
}

interface Difference {
  path: string;
  from: unknown;
  to: unknown;
}

/** Leaves in which two JSON values differ. Items of a list go by their name, if they have one. */
function differences(to: unknown, from: unknown, path: readonly string[] = []): Difference[] {
  if (isObject(to) && isObject(from)) {
    const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
    return [...keys].flatMap((key) => {
      const item = to[key] ?? from[key];
      const label = Array.isArray(to) && isObject(item) && typeof item['name'] === 'string' ? item['name'] : key;
      return differences(to[key], from[key], [...path, label]);
    });
  }
  return JSON.stringify(to) === JSON.stringify(from) ? [] : [{ path: path.join('.'), from, to }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

function shortList(items: readonly string[]): string {
  return items.length > 3 ? `${items.slice(0, 3).join(', ')} and ${items.length - 3} more` : items.join(', ');
}
