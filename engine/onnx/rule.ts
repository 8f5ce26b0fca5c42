import { inOrder, type GraphBuilder, type Value } from './builder.ts';
import { isOpen } from './traced.ts';
import type { Dimension } from './traced.ts';
import type { TracedOperation } from './traced.ts';

/** An operation that is being converted. */
export interface Operation extends Omit<TracedOperation, 'inputs'> {
  inputs: Value[];
  graph: GraphBuilder;
  /** The elements of an input that is a constant. */
  elements(input: number): Dimension[];
  /** The elements of an input that is a constant and does not depend on an open size. */
  numbers(input: number): number[];
  /** Whether nothing but this operation reads the input. */
  isOnlyReader(input: number): boolean;
}

/** Adds the ONNX nodes of an operation. @returns its results */
export type Rule = (operation: Operation) => Value[];

/** The results of an operation that are stored under these names, with their axes in this order. */
export function results({ outputs }: Operation, names: string[], order?: readonly number[]): Value[] {
  return names.map((name, i) => {
    const { shape, dtype } = outputs[i]!;
    return { name, shape, dtype, order: order ?? inOrder(shape.length) };
  });
}

/** A size that has to be known. */
export function fixed(size: Dimension | undefined): number {
  if (size === undefined || isOpen(size)) throw new Error('a size that has to be fixed is open');
  return size;
}
