import type { Home } from '../pipeline/runs/home.ts';
import { homeId } from '../pipeline/runs/home-id.ts';

export interface TaskQueues {
  /** Workflows and the stages that need no TensorFlow. */
  pipeline: string;
  /** Stages that compute with TensorFlow: one at a time per worker, on its GPU if it has one. */
  engine: string;
}

export type Queue = keyof TaskQueues;

/**
 * Returns the task queues of a home. On a server that several projects share, workers take only their own project's
 * work.
 */
export async function taskQueues(home: Home): Promise<TaskQueues> {
  const id = (await homeId(home)).slice(0, 12);
  return { pipeline: `textcraftor-${id}`, engine: `textcraftor-engine-${id}` };
}
