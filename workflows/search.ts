import { upsertSearchAttributes } from '@temporalio/workflow';
import type { RunChange } from '../activities/stage-task.ts';
import { stageAttribute, statusAttribute } from './search-attributes.ts';

/** Lets a run be found by how it stands. */
export function tellStatus(status: RunChange['status']): void {
  upsertSearchAttributes([{ key: statusAttribute, value: status }]);
}

/** Lets a run be found by the stages that are being done. */
export function tellStages(stages: string[]): void {
  upsertSearchAttributes([{ key: stageAttribute, value: stages }]);
}
