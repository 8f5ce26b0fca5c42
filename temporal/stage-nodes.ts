import { loadPipeline } from '../pipeline/load.ts';
import { checkConfig } from '../pipeline/config/config-file.ts';
import { activeStages } from '../pipeline/pipeline.ts';
import type { Home } from '../pipeline/runs/home.ts';
import { RunRecords } from '../pipeline/runs/runs.ts';
import type { StageNode } from '../workflows/messages.ts';
import { taskQueues } from './queues.ts';

/** Returns the graph of a run as the workflow walks it: the stages that its configuration turns on. */
export async function stageNodes(home: Home, run: string): Promise<StageNode[]> {
  const records = new RunRecords(home);
  const queues = await taskQueues(home);
  const pipeline = await loadPipeline((await records.file(run)).pipeline);
  const settings = checkConfig(pipeline.schema, await records.config(run), `Run ${run}`);
  return activeStages(pipeline, settings).map(({ name, inputs, engine, fanOut, segmentSeconds }) => ({
    name,
    inputs,
    ...(engine ? { taskQueue: queues.engine } : {}),
    ...(fanOut ? { fanOut } : {}),
    ...(segmentSeconds === undefined ? {} : { segmented: true }),
  }));
}
