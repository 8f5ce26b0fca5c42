import { executeChild, isCancellation, uuid4, workflowInfo } from '@temporalio/workflow';
import type { StageOutcome, StageTask } from '../activities/stage-task.ts';
import type { ErrorRecord } from '../common/errors.ts';
import { stageOutcome } from './inputs.ts';
import type { StageNode, StageState } from './messages.ts';
import { errorRecord } from './payload.ts';
import type { runItems } from './run-items.ts';
import type { runSegments } from './run-segments.ts';
import { tellStages } from './search.ts';
import { callStage } from './stage-activity.ts';

/** A pass over the graph of a run. */
export interface Walk {
  run: string;
  stages: readonly StageNode[];
  fresh: ReadonlySet<string>;
  /** 1 is the first of this workflow. */
  number: number;
  searchable: boolean;
}

export interface Walked {
  outcomes: Record<string, StageOutcome>;
  /** Error of the first stage that failed. */
  error?: ErrorRecord;
}

/** Runs every stage whose inputs can be made. @throws only when the run is cancelled or paused */
export async function walk(
  { run, stages, fresh, number, searchable }: Walk,
  states: Record<string, StageState>,
): Promise<Walked> {
  const outcomes: Record<string, StageOutcome> = {};
  const errors: ErrorRecord[] = [];
  const done = new Map<string, Promise<void>>();
  const request = `${workflowInfo().runId} ${number}`;
  for (const name of Object.keys(states)) delete states[name];
  for (const { name } of stages) states[name] = { status: 'pending' };
  const set = (name: string, state: StageState): void => {
    states[name] = state;
    if (searchable) tellStages(Object.keys(states).filter((each) => states[each]!.status === 'running'));
  };

  const doStage = async (node: StageNode): Promise<void> => {
    await Promise.all(node.inputs.map((input) => done.get(input)));
    if (node.inputs.some((input) => !outcomes[input])) {
      states[node.name] = { status: 'blocked' };
      return;
    }
    const inputs = Object.fromEntries(node.inputs.map((input) => [input, outcomes[input]!]));
    const task: StageTask = { run, stage: node.name, inputs, fresh: fresh.has(node.name), request };
    const child = node.fanOut || node.segmented ? `${run}/${node.name}/${uuid4().slice(0, 8)}` : undefined;
    const by = child === undefined ? {} : { child };
    set(node.name, { status: 'running', ...by });
    try {
      const outcome = await doNode(node, task, child);
      outcomes[node.name] = outcome;
      set(node.name, { status: outcome.reused ? 'reused' : 'ran', outcome, ...by });
    } catch (error) {
      if (isCancellation(error)) {
        states[node.name] = { status: 'stopped' };
        throw error;
      }
      const record = errorRecord(error);
      errors.push(record);
      set(node.name, { status: 'failed', error: record, ...by });
    }
  };
  // Inputs come first, so each stage finds the promises that it awaits.
  for (const node of stages) done.set(node.name, doStage(node));
  const ends = await Promise.allSettled(done.values());
  const cancelled = ends.find((end) => end.status === 'rejected');
  if (cancelled) throw cancelled.reason;
  return { outcomes, ...(errors[0] ? { error: errors[0] } : {}) };
}

/** Only stages with many activities get a child workflow, which has its own history. */
function doNode({ fanOut, segmented, taskQueue }: StageNode, task: StageTask, id?: string): Promise<StageOutcome> {
  const queue = taskQueue === undefined ? {} : { taskQueue };
  const options = { workflowId: id!, staticSummary: `Stage ${task.stage} of run ${task.run}` };
  if (fanOut) return executeChild<typeof runItems>('runItems', { ...options, args: [{ task, fanOut, ...queue }] });
  if (segmented) return executeChild<typeof runSegments>('runSegments', { ...options, args: [{ task, ...queue }] });
  return callStage<StageOutcome>(task, taskQueue, stageOutcome);
}
