/**
 * Mixed precision (Micikevicius et al., arXiv 1710.03740) as a change of a recorded graph: products of matrices and
 * convolutions take and give a 16-bit type, what only moves or adds such results stays in it, and everything else
 * (statistics, softmax, exponentials, losses, the steps of schedulers and optimizers) is float32. Every operation named
 * here has kernels for both types on the CPU and on CUDA.
 */
import { product } from '../common/product.ts';
import { storedTypeOf, typeValue, type NodeDefinition } from './program/graph-definition.ts';
import type { NodeOutput } from './program/shape-inference.ts';

export type HalfType = 'bfloat16' | 'float16';
export const isHalf = (dtype: string | undefined): dtype is HalfType => dtype === 'bfloat16' || dtype === 'float16';

/** Products, and which of their inputs are their factors. */
const PRODUCTS: Readonly<Record<string, readonly number[]>> = {
  MatMul: [0, 1],
  BatchMatMulV2: [0, 1],
  Conv2D: [0, 1],
  Conv2DBackpropInput: [1, 2],
  Conv2DBackpropFilter: [0, 2],
};
/** What is computed in the 16-bit type where all that it reads came in it. */
const FOLLOWERS = new Set(
  'Reshape Transpose ConcatV2 Slice StridedSlice Pad Tile Identity SplitV Pack Unpack ReverseV2 GatherV2 ResizeNearestNeighbor PadV2 BiasAdd Add AddV2 AddN'.split(
    ' ',
  ),
);
/** Those whose second input is a bias or a padding value, and comes along. */
const LED_BY_FIRST = new Set(['PadV2', 'BiasAdd']);
const typeAttribute = (op: string) => (op === 'GatherV2' ? 'Tparams' : 'T');

export interface MixedOptions {
  type: HalfType;
  /** Handles of variables that are stored in it. */
  stored: ReadonlySet<string>;
  /** Names of nodes whose type is to stay: an entry point's outputs. */
  outputs: ReadonlySet<string>;
}

interface Graph {
  nodes: NodeDefinition[];
  tensors: Map<string, NodeOutput>;
}
type ReadonlyGraph = { readonly nodes: readonly NodeDefinition[]; readonly tensors: ReadonlyMap<string, NodeOutput> };

/** An entry point's nodes, which come after what they read, in mixed precision. @param tensors what is known of each reference */
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
    // A product with a constant resizes a picture or sums: no layer of a network. One column is a score.
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

/** Whether a matrix has one column: scores, and the weights that give them. */
export const isColumn = (shape: readonly number[]): boolean => shape.length === 2 && shape[1] === 1;

/** A constant has no entry of its own among the tensors. */
function constantOutput({ attr }: NodeDefinition): NodeOutput {
  const { dtype, tensor_shape } = (
    attr['value'] as { tensor: { dtype: number; tensor_shape: { dim: { size: number }[] } } }
  ).tensor;
  return { shape: tensor_shape.dim.map(({ size }) => size), dtype: storedTypeOf(dtype) };
}

/** @param halves of each input that was float32, whether it is no more */
const follows = (op: string, halves: boolean[]): boolean =>
  halves.length > 0 && (LED_BY_FIRST.has(op) ? halves[0]! : halves.every(Boolean));

/** Casts a reference to a type, once: whoever asks again gets the same. */
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

/** Elements from which on an activation that waits for its gradient does so in the 16-bit type. */
const LARGE = 4096;

/**
 * Rounds what is kept of a first half for the second, where it is float32 and large: all that read it then read the
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
    if (replaced.has(node.name)) continue; // it comes right after what it rounds
    graph.nodes.push({ ...node, input: node.input.map((reference) => rounded.get(reference) ?? reference) });
    for (const reference of large.filter((each) => each.replace(/:\d+$/, '') === node.name))
      cast(cast(reference, type), 'float32');
  }
  return graph;
}
