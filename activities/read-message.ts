import { InputError } from '../common/errors.ts';
import { id as idShape } from '../common/shape.ts';
import { runChange, stageTask } from '../pipeline/runs/task-messages.ts';
import type { RunRecords } from '../pipeline/runs/runs.ts';
import type { RunChange, StageTask } from './stage-task.ts';
import type { WorkSource } from './execution/workbench.ts';

const task = stageTask(idShape('digest'));

/**
 * Parses the request to a stage's activity, which may come from anyone who reaches the Temporal server. It only names
 * things: modules and their settings come from the run's record, which only the user's own command writes.
 * @throws InputError when the message is malformed, or there is no such run, or the run has no such stage
 */
export async function readTask(
  records: RunRecords,
  message: unknown,
): Promise<{ task: StageTask; source: WorkSource }> {
  const read = task(message, 'The task');
  const { id, pipeline, graph, planned } = await records.recorded(read.run);
  const node = graph.find(({ name }) => name === read.stage);
  if (!node) throw new InputError(`Run ${id} has no stage ${read.stage}.`);
  const given = Object.keys(read.inputs);
  if (given.length !== node.inputs.length || !node.inputs.every((input) => Object.hasOwn(read.inputs, input)))
    throw new InputError(
      `Stage ${read.stage} of run ${id} reads ${node.inputs.join(', ') || 'nothing'}; it was given ${given.join(', ') || 'nothing'}.`,
    );
  return { task: read, source: { pipeline, planned, config: await records.config(id) } };
}

/** Parses the reported status of a run. @throws InputError when the message is malformed, or there is no such run */
export async function readChange(
  records: RunRecords,
  run: unknown,
  change: unknown,
): Promise<RunChange & { id: string }> {
  const id = idShape('run')(run, 'The run');
  const read = runChange(change, 'The change');
  await records.recorded(id);
  return { id, ...read };
}
