import type { Bytes, Program } from '../../engine/program/program.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import { codesOf, MOMENTS, scalesOf } from '../optimizer/moments.ts';
import { trainedGroup, type TrainedNetwork } from '../generator/trained-networks.ts';

/** The state that one training step passes to the next, by full name. */
export interface Snapshot {
  /** The trained parameters: `group/name`. */
  weights: Weights;
  /** The optimizer's moments and the moving average: `adam.m/group/name`, `ema/group/name`. */
  state: Weights;
  /** Moments in 8 bits: `adam.m.codes/group/name`. */
  codes: Bytes;
}

const KINDS = [...MOMENTS, ...MOMENTS.map(scalesOf), 'ema'];
const CODES = MOMENTS.map(codesOf);

export function takeSnapshot(program: Program, trained: readonly TrainedNetwork[]): Snapshot {
  const all = <T>(prefixes: readonly string[], read: (prefix: string) => Map<string, T>): Map<string, T> =>
    new Map(prefixes.flatMap((prefix) => [...read(prefix)].map(([name, t]) => [`${prefix}/${name}`, t] as const)));
  return {
    weights: all(trained.map(trainedGroup), (group) => program.read(group)),
    state: all(KINDS, (kind) => program.read(`state/${kind}`)),
    codes: all(CODES, (kind) => program.readBytes(`state/${kind}`)),
  };
}

export function loadSnapshot(
  program: Program,
  trained: readonly TrainedNetwork[],
  { weights, state, codes }: Snapshot,
): void {
  const under = <T>(all: Map<string, T>, prefix: string): Map<string, T> =>
    new Map(
      [...all].flatMap(([name, t]) =>
        name.startsWith(`${prefix}/`) ? [[name.slice(prefix.length + 1), t] as const] : [],
      ),
    );
  for (const group of trained.map(trainedGroup)) program.load(group, under(weights, group), 'the checkpoint');
  for (const kind of KINDS) program.load(`state/${kind}`, under(state, kind), 'the checkpoint');
  for (const kind of CODES) program.loadBytes(`state/${kind}`, under(codes, kind), 'the checkpoint');
}
