import { CodeDigests } from '../../pipeline/keys/code-digests.ts';
import { absolutePath, checkConfig, checkStageNames } from '../../pipeline/config/config-file.ts';
import { applySettings } from '../../pipeline/config/config-settings.ts';
import { withDependents } from '../../pipeline/graph.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { inspectRun } from '../../pipeline/inspection.ts';
import { loadPipeline } from '../../pipeline/load.ts';
import { activeStages, findStage } from '../../pipeline/pipeline.ts';
import { plannedStages } from '../../pipeline/runs/planned.ts';
import { caredFor, RunRecords } from '../../pipeline/runs/runs.ts';

/**
 * Prepares a run to be resumed, with changed settings if `set` has any.
 *
 * @param from do this stage again, and all that depend on it
 * @param set changed settings, `key=value`
 * @param environment in which programs that the settings name will start; they are not checked without it
 * @returns the run's id, the stages to do again, and whether a process still waits for the run to be resumed
 * @throws InputError when another process works on the run, or a setting is refused
 * @example
 * ```ts
 * import { prepareResume } from './api/runs/resume-run.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const home = new Home('.textcraftor');
 * const { id, fresh, waits } = await prepareResume(home, 'latest', { from: 'sweep', set: ['evaluate.samplesPerPrompt=8'] });
 * ```
 */
export async function prepareResume(
  home: Home,
  name: string,
  { from, set, environment }: { from?: string; set: readonly string[]; environment?: NodeJS.ProcessEnv },
): Promise<{ id: string; fresh: string[]; waits: boolean }> {
  const records = new RunRecords(home);
  const run = await records.read(name);
  const owner = await records.owner(run.id);
  const waits = owner !== undefined && run.status === 'paused';
  if (owner && !waits) throw caredFor(run.id, owner);
  const pipeline = await loadPipeline(run.pipeline);
  let settings = checkConfig(pipeline.schema, await records.config(run.id), `Run ${run.id}`);
  if (set.length > 0) {
    const changed = checkConfig(pipeline.schema, applySettings(await records.config(run.id), set), `Run ${run.id}`);
    checkStageNames(pipeline, changed, `Run ${run.id}`);
    const absolute = (path: string): string => absolutePath(path, process.cwd());
    settings = pipeline.resolvePaths?.(changed, absolute) ?? changed;
  }
  const stages = activeStages(pipeline, settings);
  const fresh = from === undefined ? [] : [...withDependents(stages, findStage(pipeline, settings, from).name)];
  const facts = await inspectRun(pipeline, settings, { environment });
  const planned = await plannedStages(pipeline, settings, new CodeDigests(home.codeDigests), facts);
  // Only now: a refused resume changes nothing.
  if (!waits) await records.claim(run.id);
  if (set.length > 0) await records.saveConfig(run.id, settings);
  await records.setGraph(run.id, stages, planned);
  await records.clearStages(run.id);
  return { id: run.id, fresh, waits };
}
