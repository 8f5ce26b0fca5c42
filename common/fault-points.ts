import { closeSync, openSync } from 'node:fs';

/** The boundaries at which a process can be made to die, to prove that nothing is lost or done twice there. */
export const faultPoints = [
  'artifact-commit', // before an artifact is renamed to its name
  'artifact-committed', // after that, before its result is on record
  'result-saved', // after that, before the worker says so
  'checkpoint-rename', // before a checkpoint has its name
  'checkpoint-renamed',
  'part-judged', // a part of the prompts is judged, and on record
  'bucket-unique', // a bucket of prompts is without copies
  'bucket-clustered', // and without those that are nearly the same
  'shard-written', // before a shard has its entry
  'network-kept', // before the checkpoint that knows of it
  'heartbeat',
  'activity-completion', // before Temporal hears that an activity is done
] as const;
export type FaultPoint = (typeof faultPoints)[number];

/** Where a process dies, once. */
export interface Fault {
  point: FaultPoint;
  /** Which time that it comes there: 1 is the first. */
  time: number;
  /** A file that is made when it dies; while it is there, nobody dies. */
  marker: string;
}

let armed: Fault | undefined;
let times = 0;

/** From now on this process dies at `fault`; undefined: it does not. Told the same again, it goes on counting. */
export function armFault(fault: Fault | undefined): void {
  const { point, time, marker } = fault ?? {};
  if (fault && armed?.point === point && armed?.time === time && armed?.marker === marker) return;
  armed = fault;
  times = 0;
}

/** The process is at a boundary. Costs nothing when no fault is armed. */
export function faultPoint(point: FaultPoint): void {
  if (armed?.point !== point || ++times < armed.time) return;
  try {
    closeSync(openSync(armed.marker, 'wx'));
  } catch {
    return; // somebody has died of it already
  }
  process.kill(process.pid, 'SIGKILL');
}

/** `POINT:TIME:MARKER` -> a fault. @throws Error when it is none */
export function parseFault(text: string): Fault {
  const [, name, time, marker] = /^([a-z-]+):(\d+):(.+)$/.exec(text) ?? [];
  const point = faultPoints.find((each) => each === name);
  if (point === undefined || marker === undefined)
    throw new Error(`"${text}" is no fault: POINT:TIME:MARKER, with one of ${faultPoints.join(', ')}.`);
  return { point, time: Number(time), marker };
}
