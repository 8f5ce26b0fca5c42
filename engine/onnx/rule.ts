import { inOrder, type GraphBuilder, type Value } from './builder.ts';
import { isOpen, type Dimension, type TracedOperation } from './traced.ts';

/** An operation being converted. */
export interface Operation extends Omit<TracedOperation, 'inputs'> {
  inputs: Value[];
  graph: GraphBuilder;
  /** The elements of an input that is a constant. */
  elements(input: number): Dimension[];
  /** The elements of an input that is a constant and independent of open sizes. */
  numbers(input: number): number[];
  /** Returns whether only this operation reads the input. */
  isOnlyReader(input: number): boolean;
}

/** Adds the ONNX nodes of an operation. @returns its results */
export type Rule = (operation: Operation) => Value[];

/** Returns the results of an operation, stored under these names with their axes in this order. */
export function results({ outputs }: Operation, names: string[], order?: readonly number[]): Value[] {
  return names.map((name, i) => {
    const { shape, dtype } = outputs[i]!;
    return { name, shape, dtype, order: order ?? inOrder(shape.length) };
  });
}

/** Returns a size that must be known. */
export function fixed(size: Dimension | undefined): number {
  if (size === undefined || isOpen(size)) throw new Error('a size that must be fixed is open');
  return size;
}
