import { isSame, isOpen, type Dimension, type Trace, type TracedOperation, type TracedTensor } from './traced.ts';
import type { DataType, NodeDefinition } from '../program/graph-definition.ts';
import { inferOutputs } from '../program/shape-inference.ts';
import { fusePatterns } from './patterns.ts';
import {
  constantOf,
  inputName,
  parameterName,
  plainAttributes,
  recordFunction,
  type Build,
  type OpenTensorSpec,
  type Recording,
  type Source,
} from './recording.ts';

/**
 * Sizes that replace the open ones in two recordings of a function. Shapes are static in a recording: whatever differs
 * between the two depends on an open size.
 */
const TRIALS = [2, 3] as const;
/** Returns whether it is an open size itself, not twice an open size or the like. */
export const isOpenSize = (size: Dimension): boolean => isOpen(size) && isSame(size, TRIALS);

/** Records `build`. @throws Error if anything other than a shape depends on an open size */
export function trace<I extends string>(inputs: Record<I, OpenTensorSpec>, build: Build<I>): Trace {
  const [first, second] = TRIALS.map((size) => recordFunction(inputs, build, size)) as [Recording, Recording];
  const tensors = new Map<string, TracedTensor>();
  const define = (reference: string, shape: Dimension[], dtype: DataType, values?: Dimension[]): TracedTensor => {
    const tensor = { shape, dtype, uses: 0, ...(values ? { values } : {}) };
    tensors.set(reference, tensor);
    return tensor;
  };
  const operations: TracedOperation[] = [];
  for (const [i, node] of first.nodes.entries()) {
    const twin = second.nodes[i];
    if (twin?.op !== node.op || String(twin.input) !== String(node.input))
      throw new Error(`${node.name}: which operations are called depends on an open size; give it a fixed one`);
    const [source, other] = [first.sources.get(node.name), second.sources.get(node.name)];
    if (source && other) define(node.name, merge(source.shape, other.shape), source.dtype);
    else if (node.op === 'Const') {
      const { dtype, shape, values } = constantOf(node);
      const { shape: shape2, values: values2 } = constantOf(twin);
      if (String(shape) !== String(shape2))
        throw new Error(`${node.name}: the size of a constant depends on an open size; give it a fixed one`);
      define(node.name, shape, dtype, merge(values, values2));
    } else operations.push(operationOf(node, twin, tensors, define));
  }
  if (first.nodes.length !== second.nodes.length)
    throw new Error('how many operations are called depends on an open size; give it a fixed one');
  const find = (reference: string) => tensors.get(reference)!;
  const outputs = new Map(Object.entries(first.outputs).map(([name, reference]) => [name, find(reference)]));
  return {
    inputs: new Map(Object.keys(inputs).map((name) => [name, find(inputName(name))])),
    parameters: [...first.parameters].map(([name, parameter]) => ({
      name,
      ...parameter,
      tensor: find(parameterName(name)),
    })),
    operations: needed(fusePatterns(operations), outputs.values()),
    outputs,
  };
}

function operationOf(
  node: NodeDefinition,
  twin: NodeDefinition,
  tensors: Map<string, TracedTensor>,
  define: (reference: string, shape: Dimension[], dtype: DataType) => TracedTensor,
): TracedOperation {
  const attributes = plainAttributes(node);
  if (JSON.stringify(attributes) !== JSON.stringify(plainAttributes(twin)))
    throw new Error(`${node.name}: an attribute depends on an open size; give it a fixed one`);
  const inputs = node.input.map((reference) => tensors.get(reference)!);
  const [outputs, others] = [0, 1].map((trial) =>
    inferOutputs(
      node.op,
      inputs.map(({ shape, dtype, values }) => ({
        dtype,
        shape: pick(shape, trial),
        values: values && pick(values, trial),
      })),
      attributes,
    ),
  ) as [Source[], Source[]];
  return {
    name: node.name,
    op: node.op,
    inputs,
    attributes,
    outputs: outputs.map(({ shape, dtype }, i) =>
      define(i === 0 ? node.name : `${node.name}:${i}`, merge(shape, others[i]!.shape), dtype),
    ),
  };
}

const pick = (sizes: Dimension[], trial: number): number[] => sizes.map((size) => (isOpen(size) ? size[trial]! : size));
const merge = (a: ArrayLike<number>, b: ArrayLike<number>): Dimension[] =>
  Array.from(a, (size, i) => (Object.is(size, b[i]) ? size : [size, b[i]!]));

/** Returns the operations that lead to `outputs`; counts the uses of each tensor. */
function needed(operations: readonly TracedOperation[], outputs: Iterable<TracedTensor>): TracedOperation[] {
  for (const tensor of outputs) tensor.uses++;
  const kept = operations.toReversed().filter((operation) => {
    const used = operation.outputs.some((tensor) => tensor.uses > 0);
    if (used) for (const tensor of operation.inputs) tensor.uses++;
    return used;
  });
  return kept.reverse();
}
