import { upsertSearchAttributes } from '@temporalio/workflow';
import type { RunChange } from '../activities/stage-task.ts';
import { stageAttribute, statusAttribute } from './search-attributes.ts';

/** Makes a run findable by its status. */
export function tellStatus(status: RunChange['status']): void {
  upsertSearchAttributes([{ key: statusAttribute, value: status }]);
}

/** Makes a run findable by its running stages. */
export function tellStages(stages: string[]): void {
  upsertSearchAttributes([{ key: stageAttribute, value: stages }]);
}
