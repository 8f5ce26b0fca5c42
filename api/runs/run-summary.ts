import type { ErrorRecord } from '../../common/errors.ts';
import type { Run, RunStatus, StageFile } from '../../pipeline/runs/runs.ts';

/** A run for machines: the first keys that `run`, `resume`, `status` and `report` print with --json. */
export interface RunSummary {
  run: string;
  status: RunStatus;
  createdAt: string;
  finishedAt?: string;
  folder: string;
  stages: StageFile[];
  error?: ErrorRecord;
}

export function summarizeRun({ id, status, createdAt, finishedAt, folder, stages, error }: Run): RunSummary {
  return {
    run: id,
    status,
    createdAt,
    ...(finishedAt === undefined ? {} : { finishedAt }),
    folder,
    stages,
    ...(error ? { error } : {}),
  };
}
