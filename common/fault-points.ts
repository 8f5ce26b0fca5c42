import { closeSync, openSync } from 'node:fs';

/** Boundaries at which a test can kill a process, to prove that nothing is lost or done twice there. */
export const faultPoints = [
  'artifact-commit', // before an artifact is renamed to its name
  'artifact-committed', // after that, before its result is recorded
  'result-saved', // after that, before the worker reports it
  'checkpoint-rename', // before a checkpoint gets its name
  'checkpoint-renamed',
  'part-judged', // after a part of the prompts is judged and recorded
  'bucket-unique', // after a bucket of prompts is free of exact duplicates
  'bucket-clustered', // and of near duplicates
  'shard-written', // before a shard has its entry
  'network-kept', // before the checkpoint that refers to it
  'heartbeat',
  'activity-completion', // before Temporal learns that an activity is done
] as const;
export type FaultPoint = (typeof faultPoints)[number];

/** The point at which a process dies, once. */
export interface Fault {
  point: FaultPoint;
  /** Number of the visit to the point that kills it; 1 is the first. */
  time: number;
  /** A file created as it dies; while it exists, no process dies. */
  marker: string;
}

let armed: Fault | undefined;
let times = 0;

/**
 * Arms `fault`, so that this process dies at it; undefined disarms. Arming the same fault again continues its count.
 */
export function armFault(fault: Fault | undefined): void {
  const { point, time, marker } = fault ?? {};
  if (fault && armed?.point === point && armed?.time === time && armed?.marker === marker) return;
  armed = fault;
  times = 0;
}

/** Marks that the process is at a boundary. Costs nothing unless a fault is armed. */
export function faultPoint(point: FaultPoint): void {
  if (armed?.point !== point || ++times < armed.time) return;
  try {
    closeSync(openSync(armed.marker, 'wx'));
  } catch {
    return; // It has killed a process already.
  }
  process.kill(process.pid, 'SIGKILL');
}

/** Parses `POINT:TIME:MARKER`. @throws Error if it is not a fault */
export function parseFault(text: string): Fault {
  const [, name, time, marker] = /^([a-z-]+):(\d+):(.+)$/.exec(text) ?? [];
  const point = faultPoints.find((each) => each === name);
  if (point === undefined || marker === undefined)
    throw new Error(`"${text}" is not a fault: POINT:TIME:MARKER, with one of ${faultPoints.join(', ')}.`);
  return { point, time: Number(time), marker };
}
