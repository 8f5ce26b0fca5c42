import type { Program } from '../engine/program.ts';
import type { Weights } from '../engine/weights.ts';
import { trainedGroup, type TrainedNetwork } from './trained-networks.ts';

/** What one step of training hands to the next, by full name. */
export interface Snapshot {
  /** What is trained: `group/name`. */
  weights: Weights;
  /** The optimizer's moments and the moving average: `adam.m/group/name`, `ema/group/name`. */
  state: Weights;
}

const KINDS = ['adam.m', 'adam.v', 'ema'];

export function takeSnapshot(program: Program, trained: readonly TrainedNetwork[]): Snapshot {
  const read = (prefixes: readonly string[], group: (prefix: string) => string): Weights =>
    new Map(prefixes.flatMap((prefix) => [...program.read(group(prefix))].map(([name, t]) => [`${prefix}/${name}`, t] as const))); // prettier-ignore
  return { weights: read(trained.map(trainedGroup), (group) => group), state: read(KINDS, (kind) => `state/${kind}`) };
}

export function loadSnapshot(program: Program, trained: readonly TrainedNetwork[], { weights, state }: Snapshot): void {
  const under = (all: Weights, prefix: string): Weights =>
    new Map([...all].flatMap(([name, t]) => (name.startsWith(`${prefix}/`) ? [[name.slice(prefix.length + 1), t] as const] : []))); // prettier-ignore
  for (const group of trained.map(trainedGroup)) program.load(group, under(weights, group), 'the checkpoint');
  for (const kind of KINDS) program.load(`state/${kind}`, under(state, kind), 'the checkpoint');
}
