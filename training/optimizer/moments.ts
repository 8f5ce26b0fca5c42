import type { Scope } from '../../engine/program/program.ts';
import type { Tensor } from '../../engine/tensorflow.ts';
import type { MomentType } from '../training-names.ts';
import { dequantize, dynamicMap, quantize, quantizedShapes } from './eight-bit.ts';

export type { MomentType };

/** A moment of one parameter, inside an entry point. */
export interface Moment {
  value: Tensor;
  /** Writes the moment. @param choose picks the new or the previous values */
  assign(next: Tensor, choose: Choose): void;
}
export type Choose = (next: Tensor, before: Tensor) => Tensor;

/** Smallest number of elements of a moment kept in 8 bits; less would save little (bitsandbytes' min_8bit_size). */
const LARGE = 4096;

/** Kinds of moments. Variables: `state/KIND/...`, or in 8 bits `state/KIND.codes/...` and `state/KIND.scales/...`. */
export const MOMENTS = ['adam.m', 'adam.v'] as const;
export const codesOf = (kind: string) => `${kind}.codes`;
export const scalesOf = (kind: string) => `${kind}.scales`;

const MAPS = { 'adam.m': dynamicMap(true), 'adam.v': dynamicMap(false) };

/**
 * Reads a parameter's moment.
 * @param parameter full name, `group/name`
 * @param after moments in 8 bits are read only once this is computed: one parameter after another, so that the moments
 *   of
 *   all parameters are never in memory in float32 at once
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
