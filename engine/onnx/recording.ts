import { DATA_TYPES, type AttributeValue, type DataType, type NodeDefinition } from '../program/graph-definition.ts';
import type { Layout, Parameters } from '../weights/parameters.ts';
import { record, type Recorder } from '../program/recorder.ts';
import { tf, type Tensor } from '../tensorflow.ts';

/** An input of a function; a size given by a name is left open. */
export interface OpenTensorSpec {
  shape: readonly (number | string)[];
  dtype: 'float32' | 'int32';
}

export type Build<I extends string> = (inputs: Record<I, Tensor>, parameters: Parameters) => Record<string, Tensor>;

export interface Source {
  shape: number[];
  dtype: DataType;
}
/** A function recorded with one value for each open size. */
export interface Recording {
  nodes: NodeDefinition[];
  /** Inputs and parameters by the names of their nodes. */
  sources: Map<string, Source>;
  parameters: Map<string, { shape: number[]; layout: Layout }>;
  /** References by the names of the outputs. */
  outputs: Record<string, string>;
}

export const inputName = (name: string) => `input/${name}`;
export const parameterName = (name: string) => `parameter/${name}`;

export function recordFunction<I extends string>(
  inputs: Record<I, OpenTensorSpec>,
  build: Build<I>,
  openSize: number,
): Recording {
  const sources = new Map<string, Source>();
  const parameters: Recording['parameters'] = new Map();
  const { nodes, result } = record('trace', (recorder: Recorder) => {
    const source = (name: string, shape: number[], dtype: DataType): Tensor => {
      sources.set(name, { shape, dtype });
      return recorder.addNode('Source', [], {}, [{ shape, dtype }], name)[0]!;
    };
    const fed = Object.entries<OpenTensorSpec>(inputs).map(([name, { shape, dtype }]) => {
      const sizes = shape.map((size) => (typeof size === 'string' ? openSize : size));
      return [name, source(inputName(name), sizes, dtype)];
    });
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

const typeNames = new Map(Object.entries(DATA_TYPES).map(([name, number]) => [number as number, name as DataType]));

/** Returns a node's attributes in the form that the shape rules take. */
export function plainAttributes({ attr }: NodeDefinition): Record<string, unknown> {
  const plain = (value: AttributeValue): unknown => {
    if ('type' in value) return typeNames.get(value.type);
    if ('s' in value) return Buffer.from(value.s).toString();
    if ('list' in value) return value.list.i ?? value.list.type;
    return Object.values(value)[0];
  };
  return Object.fromEntries(Object.entries(attr).map(([name, value]) => [name, plain(value)]));
}

/** Returns the elements of a Const node. */
export function constantOf({ attr }: NodeDefinition): { dtype: DataType; shape: number[]; values: ArrayLike<number> } {
  const { tensor } = attr['value'] as Extract<AttributeValue, { tensor: unknown }>;
  const dtype = typeNames.get(tensor.dtype)!;
  const { buffer, byteOffset, byteLength } = tensor.tensor_content;
  const bytes = buffer.slice(byteOffset, byteOffset + byteLength);
  const values =
    dtype === 'bool' ? new Uint8Array(bytes) : dtype === 'int32' ? new Int32Array(bytes) : new Float32Array(bytes);
  return { dtype, shape: tensor.tensor_shape.dim.map(({ size }) => size), values };
}
