import type { Scope } from '../../engine/program/program.ts';
import type { Tensor } from '../../engine/tensorflow.ts';
import type { MomentType } from '../training-names.ts';
import { dequantize, dynamicMap, quantize, quantizedShapes } from './eight-bit.ts';

export type { MomentType };

/** A moment of one parameter, inside an entry point. */
export interface Moment {
  value: Tensor;
  /** @param choose what is written: the new values, or those that were there */
  assign(next: Tensor, choose: Choose): void;
}
export type Choose = (next: Tensor, before: Tensor) => Tensor;

/** Elements from which on a moment is kept in 8 bits: below there is little to save (bitsandbytes' min_8bit_size). */
const LARGE = 4096;

/** The moments' variables are `state/KIND/...`, or in 8 bits `state/KIND.codes/...` and `state/KIND.scales/...`. */
export const MOMENTS = ['adam.m', 'adam.v'] as const;
export const codesOf = (kind: string) => `${kind}.codes`;
export const scalesOf = (kind: string) => `${kind}.scales`;

const MAPS = { 'adam.m': dynamicMap(true), 'adam.v': dynamicMap(false) };

/**
 * @param parameter full name, `group/name`
 * @param after moments in 8 bits are read when this is there: one parameter after the other, so that those of all
 *   parameters are never there in float32 at once
 */
export function moment(
  scope: Scope,
  kind: (typeof MOMENTS)[number],
  parameter: string,
  type: MomentType,
  after: Tensor,
): Moment {
  const { shape, size } = scope.value(parameter);
  if (type === 'float32' || size < LARGE) {
    const value = scope.state(kind, parameter);
    return { value, assign: (next, choose) => scope.assign(`state/${kind}/${parameter}`, choose(next, value)) };
  }
  const shapes = quantizedShapes(size);
  const codes = scope.bytes(codesOf(kind), parameter, shapes.codes, after);
  const scales = scope.state(scalesOf(kind), parameter, shapes.scales);
  return {
    value: dequantize({ codes, scales }, MAPS[kind], shape),
    assign(next, choose) {
      const found = quantize(next, MAPS[kind]);
      scope.assign(`state/${codesOf(kind)}/${parameter}`, choose(found.codes, codes));
      scope.assign(`state/${scalesOf(kind)}/${parameter}`, choose(found.scales, scales));
    },
  };
}
