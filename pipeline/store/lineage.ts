import { InputError } from '../../common/errors.ts';
import type { ResultIndex, StageResult } from './stage-results.ts';

/** A result with the results that it was made from. */
export interface Lineage {
  result: StageResult;
  inputs: Lineage[];
}

/** Traces an artifact back to its sources. @param digest sha256 of the artifact, or its first digits */
export async function traceArtifact(digest: string, results: ResultIndex): Promise<Lineage> {
  const all = await results.list();
  const matching = all.filter(({ artifact }) => artifact.sha256.startsWith(digest));
  const artifacts = new Set(matching.map(({ artifact }) => artifact.sha256));
  if (digest.length < 6 || artifacts.size === 0)
    throw new InputError(`No stage has made an artifact ${digest}; give at least 6 digits of its sha256.`);
  if (artifacts.size > 1) throw new InputError(`${artifacts.size} artifacts begin with ${digest}; give more digits.`);
  return traceResult(
    matching[0]!,
    new Map(all.map((result) => [`${result.parts.stage} ${result.key}`, result])),
    new Map(),
  );
}

/** Traces a result; ancestors shared by several results are traced once. */
function traceResult(
  result: StageResult,
  all: ReadonlyMap<string, StageResult>,
  traced: Map<StageResult, Lineage>,
): Lineage {
  const known = traced.get(result);
  if (known) return known;
  const inputs = Object.entries(result.inputKeys).flatMap(([stage, key]) => all.get(`${stage} ${key}`) ?? []);
  const lineage = { result, inputs: inputs.map((input) => traceResult(input, all, traced)) };
  traced.set(result, lineage);
  return lineage;
}
