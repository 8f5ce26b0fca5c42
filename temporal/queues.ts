import type { Home } from '../pipeline/runs/home.ts';
import { homeId } from '../pipeline/runs/home-id.ts';

export interface TaskQueues {
  /** Workflows and the stages that need no TensorFlow. */
  pipeline: string;
  /** Stages that compute with TensorFlow: one at a time in a worker, on its GPU where it has one. */
  engine: string;
}

export type Queue = keyof TaskQueues;

/** The task queues of a home: on a server that several projects share, each project's workers take its own work only. */
export async function taskQueues(home: Home): Promise<TaskQueues> {
  const id = (await homeId(home)).slice(0, 12);
  return { pipeline: `textcraftor-${id}`, engine: `textcraftor-engine-${id}` };
}
