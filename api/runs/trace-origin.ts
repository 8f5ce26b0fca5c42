import { InputError } from '../../common/errors.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { traceArtifact, type Lineage } from '../../pipeline/store/lineage.ts';
import { ResultIndex } from '../../pipeline/store/stage-results.ts';

/**
 * Finds the origin of an artifact: the results that it was made from, and theirs.
 * @param name the beginning of its sha256, or RUN/STAGE
 * @throws InputError when there is no such artifact, or more than one
 * @example
 * ```ts
 * import { traceOrigin } from './api/runs/trace-origin.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { result, inputs } = await traceOrigin(new Home('.textcraftor'), 'latest/tune-encoder');
 * console.log(result.run, inputs.map((input) => input.result.parts.stage));
 * ```
 */
export async function traceOrigin(home: Home, name: string): Promise<Lineage> {
  const results = new ResultIndex(home.results);
  const [run, stage] = name.split('/');
  if (stage === undefined) return traceArtifact(name, results);
  const found = (await new RunRecords(home).read(run!)).stages.find((each) => each.name === stage);
  if (!found?.artifact)
    throw new InputError(`Run ${run} has no artifact of a stage "${stage}"; see: textcraftor status ${run}`);
  return traceArtifact(found.artifact.sha256, results);
}
