import type { DataType } from '../program/graph-definition.ts';
import type { Attributes } from '../program/shape-inference.ts';
import type { Layout } from '../weights/parameters.ts';

/** A result of an operation. */
export interface TracedTensor {
  shape: Dimension[];
  dtype: DataType;
  /** The elements, if it is a constant. */
  values?: Dimension[];
  /** Number of operations and outputs that read it. */
  uses: number;
}

export interface TracedOperation {
  name: string;
  /** TensorFlow's, or ONNX's if patterns.ts has found one. */
  op: string;
  inputs: TracedTensor[];
  outputs: TracedTensor[];
  attributes: Attributes;
}

export interface TracedParameter {
  name: string;
  /** Shape in the engine's layout. */
  shape: number[];
  layout: Layout;
  tensor: TracedTensor;
}

/** A function as the TensorFlow operations that its outputs need, in calling order. */
export interface Trace {
  inputs: Map<string, TracedTensor>;
  parameters: TracedParameter[];
  operations: TracedOperation[];
  outputs: Map<string, TracedTensor>;
}

export type Dimension = number | Open;

/** A size in the first recording and in the second. */
export type Open = readonly [number, number];

export const isOpen = (size: Dimension): size is Open => typeof size !== 'number';

export const isSame = (a: Dimension, b: Dimension): boolean => String(a) === String(b);
