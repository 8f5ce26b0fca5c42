/**
 * Mixed precision (Micikevicius et al., arXiv 1710.03740) as a rewrite of a recorded graph: products of matrices and
 * convolutions take and return a 16-bit type, operations that only move or add such results stay in it, and everything
 * else (statistics, softmax, exponentials, losses, the steps of schedulers and optimizers) is float32. Every operation
 * named here has kernels for both types on the CPU and on CUDA.
 */
import { product } from '../common/product.ts';
import { storedTypeOf, typeValue, type NodeDefinition } from './program/graph-definition.ts';
import type { NodeOutput } from './program/shape-inference.ts';

export type HalfType = 'bfloat16' | 'float16';
export const isHalf = (dtype: string | undefined): dtype is HalfType => dtype === 'bfloat16' || dtype === 'float16';

/** Products, and which of their inputs are the factors. */
const PRODUCTS: Readonly<Record<string, readonly number[]>> = {
  MatMul: [0, 1],
  BatchMatMulV2: [0, 1],
  Conv2D: [0, 1],
  Conv2DBackpropInput: [1, 2],
  Conv2DBackpropFilter: [0, 2],
};
/** Operations computed in the 16-bit type if all their inputs are in it. */
const FOLLOWERS = new Set(
  'Reshape Transpose ConcatV2 Slice StridedSlice Pad Tile Identity SplitV Pack Unpack ReverseV2 GatherV2 ResizeNearestNeighbor PadV2 BiasAdd Add AddV2 AddN'.split(
    ' ',
  ),
);
/** Operations whose second input is a bias or a padding value, and takes the same type. */
const LED_BY_FIRST = new Set(['PadV2', 'BiasAdd']);
const typeAttribute = (op: string) => (op === 'GatherV2' ? 'Tparams' : 'T');

export interface MixedOptions {
  type: HalfType;
  /** Handles of variables stored in it. */
  stored: ReadonlySet<string>;
  /** Names of nodes that keep their type: an entry point's outputs. */
  outputs: ReadonlySet<string>;
}

interface Graph {
  nodes: NodeDefinition[];
  tensors: Map<string, NodeOutput>;
}
type ReadonlyGraph = { readonly nodes: readonly NodeDefinition[]; readonly tensors: ReadonlyMap<string, NodeOutput> };

/**
 * Rewrites an entry point's nodes, sorted so that inputs come first, in mixed precision.
 * @param tensors shape and type of each reference
 */
export function mixPrecision(
  nodes: readonly NodeDefinition[],
  tensors: ReadonlyMap<string, NodeOutput>,
  { type, stored, outputs }: MixedOptions,
): Graph {
  const constants = new Map(nodes.flatMap((node) => (node.op === 'Const' ? [[node.name, constantOutput(node)]] : [])));
  const before = new Map([...tensors, ...constants]);
  const graph: Graph = { nodes: [], tensors: new Map(before) };
  const cast = caster(graph);
  const inFloat = (reference: string) => before.get(reference)?.dtype === 'float32';
  const inHalf = (reference: string) => isHalf(graph.tensors.get(reference)?.dtype);

  const give = (node: NodeDefinition, attr: string): void => {
    graph.nodes.push({ ...node, attr: { ...node.attr, [attr]: typeValue(type) } });
    for (let output = 0; ; output++) {
      const reference = output === 0 ? node.name : `${node.name}:${output}`;
      const known = graph.tensors.get(reference);
      if (!known) break;
      graph.tensors.set(reference, { ...known, dtype: type });
    }
  };
  for (const node of nodes) {
    const { op, name, input } = node;
    const factors = PRODUCTS[op];
    // A product with a constant resizes a picture or sums: it is not a layer. One column is a score.
    if (
      factors &&
      inFloat(name) &&
      !factors.some((i) => constants.has(input[i]!)) &&
      !isColumn(before.get(name)!.shape)
    )
      give(
        { ...node, input: input.map((reference, i) => (factors.includes(i) ? cast(reference, type) : reference)) },
        'T',
      );
    else if (op === 'ReadVariableOp' && stored.has(input[0]!)) give(node, 'dtype');
    else if (FOLLOWERS.has(op) && !outputs.has(name) && follows(op, input.filter(inFloat).map(inHalf)))
      give(
        { ...node, input: input.map((reference) => (inFloat(reference) ? cast(reference, type) : reference)) },
        typeAttribute(op),
      );
    else
      graph.nodes.push({
        ...node,
        input: input.map((reference) => (inHalf(reference) ? cast(reference, 'float32') : reference)),
      });
  }
  return graph;
}

/** Returns whether a matrix has one column: scores, and the weights that produce them. */
export const isColumn = (shape: readonly number[]): boolean => shape.length === 2 && shape[1] === 1;

/** Returns a constant's shape and type, which are not listed among the tensors. */
function constantOutput({ attr }: NodeDefinition): NodeOutput {
  const { dtype, tensor_shape } = (
    attr['value'] as { tensor: { dtype: number; tensor_shape: { dim: { size: number }[] } } }
  ).tensor;
  return { shape: tensor_shape.dim.map(({ size }) => size), dtype: storedTypeOf(dtype) };
}

/** @param halves for each input that was float32, whether it is now 16-bit */
const follows = (op: string, halves: boolean[]): boolean =>
  halves.length > 0 && (LED_BY_FIRST.has(op) ? halves[0]! : halves.every(Boolean));

/** Casts a reference to a type once: later calls return the same cast. */
function caster({ nodes, tensors }: Graph): (reference: string, to: HalfType | 'float32') => string {
  return (reference, to) => {
    const { shape, dtype } = tensors.get(reference)!;
    if (dtype === to) return reference;
    const name = castName(reference, to);
    if (!tensors.has(name)) {
      nodes.push({ name, op: 'Cast', input: [reference], attr: { SrcT: typeValue(dtype), DstT: typeValue(to) } });
      tensors.set(name, { shape, dtype: to });
    }
    return name;
  };
}

const castName = (reference: string, to: string) => `${reference.replace(':', '/output_')}/${to}`;

/** From this many elements on, an activation that waits for its gradient is kept in the 16-bit type. */
const LARGE = 4096;

/**
 * Rounds large float32 tensors that the first half keeps for the second; all operations that read them then read the
 * rounded values.
 * @param kept references
 */
export function narrowKept({ nodes, tensors }: ReadonlyGraph, kept: readonly string[], type: HalfType): Graph {
  const inputs = new Set(nodes.flatMap(({ op, name }) => (op === 'Placeholder' ? [name] : [])));
  const isLarge = (reference: string) => {
    const { shape, dtype } = tensors.get(reference)!;
    return dtype === 'float32' && product(shape) >= LARGE;
  };
  const large = kept.filter((reference) => !inputs.has(reference) && isLarge(reference));
  const rounded = new Map(large.map((reference) => [reference, castName(castName(reference, type), 'float32')]));
  const replaced = new Set(large.map((reference) => castName(reference, type)));
  const graph: Graph = { nodes: [], tensors: new Map([...tensors].filter(([name]) => !replaced.has(name))) };
  const cast = caster(graph);
  for (const node of nodes) {
    if (replaced.has(node.name)) continue; // it comes right after the node that it rounds
    graph.nodes.push({ ...node, input: node.input.map((reference) => rounded.get(reference) ?? reference) });
    for (const reference of large.filter((each) => each.replace(/:\d+$/, '') === node.name))
      cast(cast(reference, type), 'float32');
  }
  return graph;
}
