import { cachePolicy } from './cache-policy.ts';
import { findHit, whyDifferent } from './hit.ts';
import { keyOf, type KeyMaker } from './key.ts';
import type { ResultIndex } from './results.ts';
import type { ArtifactStore } from './store.ts';
import { activeStages, type CommonSettings, type Pipeline } from './pipeline.ts';
import type { Artifact } from './stage.ts';

/** What a run would do with a stage. */
export interface PlannedStage {
  stage: string;
  action: 'reuse' | 'run';
  /** Whose result is reused, or which part of the key changed. */
  why: string;
  /** Known once the inputs are. */
  key?: string;
  artifact?: Artifact;
  /** How long it took the last time; 0 when it is reused. */
  estimatedSeconds?: number;
}

interface Records {
  keys: KeyMaker;
  results: ResultIndex;
  store: ArtifactStore;
}

/**
 * What a run would do, stage by stage, without running anything. Behind a stage that runs all run, as far as one can
 * tell: when its new result equals the old one, they are reused after all.
 *
 * @param fresh stages that run in any case
 */
export async function planRun<Settings extends CommonSettings>(
  pipeline: Pipeline<Settings>,
  settings: Settings,
  { keys, results, store }: Records,
  fresh: ReadonlySet<string> = new Set(),
): Promise<PlannedStage[]> {
  const plan = new Map<string, PlannedStage>();
  for (const stage of activeStages(pipeline, settings)) {
    const [last] = await results.list(stage.name);
    const estimate = last ? { estimatedSeconds: last.seconds } : {};
    const run = (why: string, key?: string): PlannedStage => ({
      stage: stage.name,
      action: 'run',
      why,
      ...(key === undefined ? {} : { key }),
      ...estimate,
    });
    const planned = stage.inputs.map((name) => plan.get(name)!);
    const running = planned.filter(({ action }) => action === 'run').map(({ stage: name }) => name);
    const inputs = Object.fromEntries(
      planned.flatMap(({ stage: name, artifact }) => (artifact ? [[name, artifact.sha256]] : [])),
    );
    const parts = await keys.parts(pipeline, stage, settings, inputs);
    if (running.length > 0) {
      // Of the inputs nothing is known yet; the rest of the key may have changed as well.
      const own = last
        ? whyDifferent({ ...parts, inputs: {} }, { ...last.parts, inputs: {} })
        : 'it has no earlier result';
      const follows = `reads ${listWords(running)}`;
      plan.set(stage.name, run(own.startsWith('its result') ? follows : `${follows}; ${own}`));
      continue;
    }
    const policy = cachePolicy(stage, settings);
    const hit = await findHit(stage.name, policy, parts, results, (sha256) => store.has(sha256));
    if (fresh.has(stage.name)) plan.set(stage.name, run('it was asked for', keyOf(parts)));
    else if (!hit.result) plan.set(stage.name, run(hit.why, keyOf(parts)));
    else {
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

/** a, b and c */
function listWords(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
