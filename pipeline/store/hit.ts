import type { CachePolicy } from './cache-policy.ts';
import { keyOf, type KeyParts } from '../keys/key.ts';
import type { ResultIndex, StageResult } from './stage-results.ts';

/** A result that can be reused, or the reason why there is none. */
export type Hit = { result: StageResult; why?: never } | { result?: never; why: string };

/** The request for a result. */
export interface Asker {
  run: string;
  /** Id of the request, the same when it is retried after a fault: see {@link StageResult.request}. */
  request?: string | undefined;
  /** Ignores earlier results. */
  fresh: boolean;
}

/**
 * Looks up a result with the same key. Does not verify its artifact.
 *
 * @param exists returns whether an artifact is in the store
 */
export async function findHit(
  stage: string,
  policy: CachePolicy,
  parts: KeyParts,
  results: ResultIndex,
  exists: (sha256: string) => Promise<boolean>,
  asker?: Asker,
  now = Date.now(),
): Promise<Hit> {
  const result = await results.find(stage, keyOf(parts));
  const refusal = whyNotUsed(result, policy, asker, now);
  if (refusal !== undefined) return { why: refusal };
  if (!result) return { why: whyDifferent(parts, (await results.list(stage))[0]?.parts) };
  if (!(await exists(result.artifact.sha256))) return { why: 'its result was deleted from the store' };
  return { result };
}

/** Explains why a result with the right key would not be reused; undefined when it would be. */
export function whyNotUsed(
  result: Pick<StageResult, 'run' | 'request' | 'createdAt'> | undefined,
  { cache, maximumAgeSeconds = Infinity }: CachePolicy,
  asker: Asker | undefined,
  now = Date.now(),
): string | undefined {
  if (result && asker?.request !== undefined && result.request === asker.request) return undefined;
  if (asker?.fresh) return 'it was requested';
  // `off` applies between runs: a run that was killed does not repeat its own work.
  if (cache === 'off' && (!result || result.run !== asker?.run)) return 'its cache is off';
  if (!result) return undefined;
  const age = (now - Date.parse(result.createdAt)) / 1000;
  return age > maximumAgeSeconds
    ? `its result is ${Math.round(age)} s old, more than ${maximumAgeSeconds} s`
    : undefined;
}

/** Describes in words which parts of a key differ from those of an earlier result. */
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
  const beside = differences(now.beside ?? [], before.beside ?? []).flatMap(({ to, from }) => [to ?? from]);
  if (beside.length > 0) reasons.push(`files beside the model changed (${shortList(beside.map(show))})`);
  if (now.seed !== before.seed) reasons.push(`seed changed (${before.seed} -> ${now.seed})`);
  const inputs = differences(now.inputs, before.inputs).map(({ path }) => path);
  if (inputs.length > 0) reasons.push(`input changed (${shortList(inputs)})`);
  const engine = differences(now.engine ?? {}, before.engine ?? {}).map(({ path }) => path);
  if (engine.length > 0) reasons.push(`engine changed (${shortList(engine)})`);
  return reasons.length > 0 ? reasons.join('; ') : 'its result no longer has a record';
}

interface Difference {
  path: string;
  from: unknown;
  to: unknown;
}

/** Lists the leaves in which two JSON values differ. List items are matched by name, if they have one. */
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
