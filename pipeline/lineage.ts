import { InputError } from '../common/errors.ts';
import type { ResultIndex, StageResult } from './results.ts';

/** A result with the results that it was made of. */
export interface Lineage {
  result: StageResult;
  inputs: Lineage[];
}

/** Where an artifact comes from, back to the sources. @param digest sha256 of the artifact, or the beginning of it */
export async function traceArtifact(digest: string, results: ResultIndex): Promise<Lineage> {
  const all = await results.list();
  const matching = all.filter(({ artifact }) => artifact.sha256.startsWith(digest));
  const artifacts = new Set(matching.map(({ artifact }) => artifact.sha256));
  if (digest.length < 6 || artifacts.size === 0)
    throw new InputError(`No stage has made an artifact ${digest}; give at least 6 digits of its sha256.`);
  if (artifacts.size > 1) throw new InputError(`${artifacts.size} artifacts begin with ${digest}; give more digits.`);
  return traceResult(matching[0]!, all);
}

function traceResult(result: StageResult, all: readonly StageResult[]): Lineage {
  const inputs = Object.entries(result.inputKeys).flatMap(([stage, key]) => {
    const input = all.find((other) => other.parts.stage === stage && other.key === key);
    return input ? [traceResult(input, all)] : [];
  });
  return { result, inputs };
}
