import { fileURLToPath } from 'node:url';
import { RunError } from '../../common/errors.ts';
import type { CodeDigests } from '../keys/code-digests.ts';
import type { StageWork, RunFacts } from '../stage.ts';
import { activeStages, type Pipeline } from '../pipeline.ts';
import type { CommonSettings } from '../common-settings.ts';

/** Facts about a stage at the time a run was started, kept in the run's record for the workers. */
export interface PlannedWork {
  /** Digest of the stage's code. */
  code: string;
  work?: StageWork;
}
export type PlannedStages = Readonly<Record<string, PlannedWork>>;

/** Collects the facts about each stage of a run before it begins. */
export async function plannedStages<Settings extends CommonSettings>(
  pipeline: Pipeline<Settings>,
  settings: Settings,
  code: CodeDigests,
  facts: RunFacts,
): Promise<PlannedStages> {
  const planned: Record<string, PlannedWork> = {};
  for (const stage of activeStages(pipeline, settings)) {
    const { sha256 } = await code.digest(stage.module, fileURLToPath(pipeline.root));
    const work = stage.work?.(settings, facts);
    planned[stage.name] = { code: sha256, ...(work ? { work } : {}) };
  }
  return planned;
}

/** @throws RunError when a stage's code differs from the code the run was planned with */
export function requirePlannedCode(stage: string, planned: PlannedWork | undefined, code: string): void {
  if (planned && planned.code !== code)
    throw new RunError(
      `The worker runs different code than this run was planned with (stage "${stage}"): restart it (textcraftor worker).`,
    );
}
