import { canonicalJson } from '../common/files.ts';
import { cachePolicy } from './store/cache-policy.ts';
import type { EngineDescription } from './keys/engine-identity.ts';
import { estimateStage, type Estimate } from './estimate.ts';
import { findHit, whyDifferent } from './store/hit.ts';
import type { RunFacts, Artifact, Stage } from './stage.ts';
import { keyOf, type KeyMaker } from './keys/key.ts';
import type { ResultIndex, StageResult } from './store/stage-results.ts';
import type { ArtifactStore } from './store/artifact-store.ts';
import { activeStages, type Pipeline } from './pipeline.ts';
import type { CommonSettings } from './common-settings.ts';

/** Planned handling of a stage in a run. */
export interface PlannedStage {
  stage: string;
  action: 'reuse' | 'run';
  /** The run whose result is reused, or the part of the key that changed. */
  why: string;
  /** Known once the inputs are known. */
  key?: string;
  artifact?: Artifact;
  /** Estimated duration; 0 when the result is reused. */
  estimatedSeconds?: number;
  /** Basis of the estimate. */
  estimate?: Estimate;
}

/** Options of the plan. */
export interface PlanOptions {
  /** Stages that run even if a result could be reused. */
  fresh?: ReadonlySet<string>;
  /** Paths in the settings that a run fetches first, with their display names. */
  absent?: ReadonlyMap<string, string>;
  facts?: RunFacts;
}

interface Records {
  keys: KeyMaker;
  results: ResultIndex;
  store: ArtifactStore;
}

/**
 * Plans a run stage by stage, without running anything. Stages downstream of one that runs are planned to run too, although
 * they are reused after all if its new result equals the old one.
 */
export async function planRun<Settings extends CommonSettings>(
  pipeline: Pipeline<Settings>,
  settings: Settings,
  { keys, results, store }: Records,
  { fresh = new Set(), absent = new Map(), facts = {} }: PlanOptions = {},
): Promise<PlannedStage[]> {
  const plan = new Map<string, PlannedStage>();
  for (const stage of activeStages(pipeline, settings)) {
    const earlier = await results.list(stage.name);
    const [last] = earlier;
    const run = (why: string, engine?: EngineDescription, key?: string): PlannedStage => ({
      stage: stage.name,
      action: 'run',
      why,
      ...(key === undefined ? {} : { key }),
      ...estimated(stage, earlier, settings, facts, engine),
    });
    const missing = absentFile(stage.files?.(settings) ?? [], absent);
    if (missing !== undefined) {
      plan.set(stage.name, run(`${missing} is fetched first`));
      continue;
    }
    const planned = stage.inputs.map((name) => plan.get(name)!);
    const running = planned.filter(({ action }) => action === 'run').map(({ stage: name }) => name);
    const inputs = Object.fromEntries(
      planned.flatMap(({ stage: name, artifact }) => (artifact ? [[name, artifact.sha256]] : [])),
    );
    const parts = await keys.parts(pipeline, stage, settings, inputs);
    if (running.length > 0) {
      // The inputs are not known yet; the rest of the key may have changed as well.
      const own = last
        ? whyDifferent({ ...parts, inputs: {} }, { ...last.parts, inputs: {} })
        : 'it has no earlier result';
      const follows = `reads ${listWords(running)}`;
      plan.set(stage.name, run(own.startsWith('its result') ? follows : `${follows}; ${own}`, parts.engine));
      continue;
    }
    const policy = cachePolicy(stage, settings);
    const hit = await findHit(stage.name, policy, parts, results, (sha256) => store.has(sha256));
    if (fresh.has(stage.name)) plan.set(stage.name, run('it was requested', parts.engine, keyOf(parts)));
    else if (!hit.result) plan.set(stage.name, run(hit.why, parts.engine, keyOf(parts)));
    else {
      const damage = await store.sizeDamage(hit.result.artifact.sha256);
      if (damage !== undefined) {
        plan.set(stage.name, run(`its earlier result ${damage}`, parts.engine, keyOf(parts)));
        continue;
      }
      const { key, artifact, run: maker } = hit.result;
      plan.set(stage.name, {
        stage: stage.name,
        action: 'reuse',
        why: `made by ${maker}`,
        key,
        artifact,
        estimatedSeconds: 0,
      });
    }
  }
  return [...plan.values()];
}

/** Estimates how long the stage will take, with the basis of the estimate. */
function estimated<Settings>(
  stage: Pick<Stage<Settings, string, string>, 'work' | 'engine'>,
  earlier: readonly StageResult[],
  settings: Settings,
  facts: RunFacts,
  engine: EngineDescription | undefined,
): Pick<PlannedStage, 'estimatedSeconds' | 'estimate'> {
  const work = stage.work?.(settings, facts);
  if (stage.work && !work) return {};
  const onCpu = Boolean(stage.engine) && (engine?.graphics ?? []).length === 0;
  const estimate = estimateStage(work, earlier, { engine: canonicalJson(engine ?? null), onCpu });
  return estimate ? { estimatedSeconds: estimate.seconds, estimate } : {};
}

/** Returns the display name of a stage's file that has yet to be fetched. */
function absentFile(files: readonly string[], absent: ReadonlyMap<string, string>): string | undefined {
  for (const [path, name] of absent)
    if (files.some((file) => file === path || file.startsWith(`${path}/`))) return name;
  return undefined;
}

/** Joins words as "a, b and c". */
function listWords(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
