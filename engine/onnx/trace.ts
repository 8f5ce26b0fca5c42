import { DATA_TYPES, type AttributeValue, type DataType, type NodeDefinition } from '../graph-definition.ts';
import { fileShape, type Layout, type Parameters } from '../parameters.ts';
import { record, type Recorder } from '../recorder.ts';
import { inferOutputs, type Attributes } from '../shape-inference.ts';
import { tf, type Tensor } from '../tensorflow.ts';

/** An input of a function: a size of its shape may be left open by giving it a name. */
export interface OpenTensorSpec {
  shape: readonly (number | string)[];
  dtype: 'float32' | 'int32';
}

/**
 * A function is recorded twice, with these sizes in place of the open ones. Shapes are static in a recording: what
 * differs between the two is what depends on an open size.
 */
const TRIALS = [2, 3] as const;

/** A number in the one recording and in the other. */
export type Open = readonly [number, number];
export type Dimension = number | Open;
export const isOpen = (size: Dimension): size is Open => typeof size !== 'number';
export const isSame = (a: Dimension, b: Dimension): boolean => String(a) === String(b);
/** Whether it is an open size itself, not twice an open size or the like. */
export const isOpenSize = (size: Dimension): boolean => isOpen(size) && isSame(size, TRIALS);

/** A result of an operation. */
export interface TracedTensor {
  shape: Dimension[];
  dtype: DataType;
  /** The elements of a constant. */
  values?: Dimension[];
  /** How many operations and outputs read it. */
  uses: number;
}

export interface TracedOperation {
  name: string;
  /** TensorFlow's. */
  op: string;
  inputs: TracedTensor[];
  outputs: TracedTensor[];
  attributes: Attributes;
}

export interface TracedParameter {
  name: string;
  /** In the engine's layout. */
  shape: number[];
  layout: Layout;
  tensor: TracedTensor;
}

/** A function as the TensorFlow operations that its outputs need, in the order in which they were called. */
export interface Trace {
  inputs: Map<string, TracedTensor>;
  parameters: TracedParameter[];
  operations: TracedOperation[];
  outputs: Map<string, TracedTensor>;
}

export type Build<I extends string> = (inputs: Record<I, Tensor>, parameters: Parameters) => Record<string, Tensor>;

/** Records `build`. @throws Error where something other than a shape depends on an open size */
export function trace<I extends string>(inputs: Record<I, OpenTensorSpec>, build: Build<I>): Trace {
  const [first, second] = TRIALS.map((size) => recordOnce(inputs, build, size)) as [Recording, Recording];
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
    operations: needed(operations, outputs.values()),
    outputs,
  };
}

interface Source {
  shape: number[];
  dtype: DataType;
}
interface Recording {
  nodes: NodeDefinition[];
  /** Inputs and parameters by the names of their nodes. */
  sources: Map<string, Source>;
  parameters: Map<string, { shape: number[]; layout: Layout }>;
  /** References by the names of the outputs. */
  outputs: Record<string, string>;
}

const inputName = (name: string) => `input/${name}`;
const parameterName = (name: string) => `parameter/${name}`;

function recordOnce<I extends string>(inputs: Record<I, OpenTensorSpec>, build: Build<I>, openSize: number): Recording {
  const sources = new Map<string, Source>();
  const parameters: Recording['parameters'] = new Map();
  const { nodes, result } = record('trace', (recorder: Recorder) => {
    const source = (name: string, shape: number[], dtype: DataType): Tensor => {
      sources.set(name, { shape, dtype });
      return recorder.addNode('Source', [], {}, [{ shape, dtype }], name)[0]!;
    };
    const fed = Object.entries<OpenTensorSpec>(inputs).map(([name, { shape, dtype }]) => [
      name,
      source(inputName(name), shape.map((size) => (typeof size === 'string' ? openSize : size)), dtype),
    ]); // prettier-ignore
    const read = new Map<string, Tensor>();
    const scope = (path: string): Parameters => ({
      at: (name) => scope(`${path}${name}.`),
      get: (name, shape, layout = 'same') => {
        const full = path + name;
        const known = parameters.get(full) ?? { shape: [...shape], layout };
        if (String(known.shape) !== String(shape) || known.layout !== layout)
          throw new Error(`parameter ${full} is used as [${shape}] and as [${known.shape}]`);
        parameters.set(full, known);
        // Kept: a tidy() around the first use must not end a parameter's life.
        if (!read.has(full)) read.set(full, tf.keep(source(parameterName(full), known.shape, 'float32')));
        return read.get(full)!;
      },
    });
    const outputs = build(Object.fromEntries(fed) as Record<I, Tensor>, scope(''));
    return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, recorder.reference(tensor)]));
  });
  return { nodes, sources, parameters, outputs: result };
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

const typeNames = new Map(Object.entries(DATA_TYPES).map(([name, number]) => [number as number, name as DataType]));

/** A node's attributes as the shape rules take them. */
function plainAttributes({ attr }: NodeDefinition): Record<string, unknown> {
  const plain = (value: AttributeValue): unknown => {
    if ('type' in value) return typeNames.get(value.type);
    if ('s' in value) return Buffer.from(value.s).toString();
    if ('list' in value) return value.list.i ?? value.list.type;
    return Object.values(value)[0];
  };
  return Object.fromEntries(Object.entries(attr).map(([name, value]) => [name, plain(value)]));
}

function constantOf({ attr }: NodeDefinition): { dtype: DataType; shape: number[]; values: ArrayLike<number> } {
  const { tensor } = attr['value'] as Extract<AttributeValue, { tensor: unknown }>;
  const dtype = typeNames.get(tensor.dtype)!;
  const { buffer, byteOffset, byteLength } = tensor.tensor_content;
  const bytes = buffer.slice(byteOffset, byteOffset + byteLength);
  const values =
    dtype === 'bool' ? new Uint8Array(bytes) : dtype === 'int32' ? new Int32Array(bytes) : new Float32Array(bytes);
  return { dtype, shape: tensor.tensor_shape.dim.map(({ size }) => size), values };
}

/** The operations that lead to `outputs`; counts the uses of each tensor. */
function needed(operations: readonly TracedOperation[], outputs: Iterable<TracedTensor>): TracedOperation[] {
  for (const tensor of outputs) tensor.uses++;
  const kept = operations.toReversed().filter((operation) => {
    const used = operation.outputs.some((tensor) => tensor.uses > 0);
    if (used) for (const tensor of operation.inputs) tensor.uses++;
    return used;
  });
  return kept.reverse();
}

/** The file's shape of a traced parameter. */
export const storedShape = ({ shape, layout }: TracedParameter): number[] => fileShape(shape, layout);
