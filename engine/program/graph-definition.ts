import protobuf from 'protobufjs';

/**
 * TensorFlow's graph format: the part of graph.proto, node_def.proto, attr_value.proto, tensor.proto and
 * saved_model.proto that a recorded program needs. Field numbers are TensorFlow's.
 */
const { SavedModel } = protobuf.parse(
  `
  syntax = "proto3";
  message Dim { int64 size = 1; }
  message Shape { repeated Dim dim = 2; }
  message TensorValue { int32 dtype = 1; Shape tensor_shape = 2; bytes tensor_content = 4; }
  message ListValue { repeated int64 i = 3; repeated float f = 4; repeated int32 type = 6; }
  message AttrValue {
    oneof value { bytes s = 2; int64 i = 3; float f = 4; bool b = 5; int32 type = 6; Shape shape = 7; TensorValue tensor = 8; ListValue list = 1; }
  }
  message NodeDef { string name = 1; string op = 2; repeated string input = 3; map<string, AttrValue> attr = 5; }
  message Versions { int32 producer = 1; }
  message GraphDef { repeated NodeDef node = 1; Versions versions = 4; }
  message MetaInfo { repeated string tags = 4; }
  message MetaGraph { MetaInfo meta_info_def = 1; GraphDef graph_def = 2; }
  message SavedModel { int64 saved_model_schema_version = 1; repeated MetaGraph meta_graphs = 2; }
`,
  { keepCase: true },
).root as unknown as { SavedModel: protobuf.Type };

/** TensorFlow's DataType numbers of tfjs's types. */
export const DATA_TYPES = { float32: 1, int32: 3, bool: 10 } as const;
export type DataType = keyof typeof DATA_TYPES;
/** Types that tfjs does not know: nodes get them after recording. */
const STORED_TYPES = { ...DATA_TYPES, uint8: 4, bfloat16: 14, float16: 19 } as const;
export type StoredType = keyof typeof STORED_TYPES;
const storedTypes = new Map(
  Object.entries(STORED_TYPES).map(([name, number]) => [number as number, name as StoredType]),
);
export const storedTypeOf = (number: number): StoredType => storedTypes.get(number)!;

export type AttributeValue =
  | { s: Uint8Array }
  | { i: number }
  | { f: number }
  | { b: boolean }
  | { type: number }
  | { shape: { dim: { size: number }[] } }
  | { tensor: { dtype: number; tensor_shape: { dim: { size: number }[] }; tensor_content: Uint8Array } }
  | { list: { i?: number[]; f?: number[]; type?: number[] } };

export interface NodeDefinition {
  name: string;
  op: string;
  /** `node`, `node:output` or, for a control dependency, `^node`. */
  input: string[];
  attr: Record<string, AttributeValue>;
}

export const shapeValue = (shape: readonly number[]) => ({ dim: shape.map((size) => ({ size })) });
export const typeValue = (dtype: StoredType): AttributeValue => ({ type: STORED_TYPES[dtype] });
export const typesValue = (dtypes: readonly StoredType[]): AttributeValue => ({
  list: { type: dtypes.map((dtype) => STORED_TYPES[dtype]) },
});
export const stringValue = (text: string): AttributeValue => ({ s: Buffer.from(text) });

/** Encodes a constant's value. `data` holds the elements in row-major order. */
export function tensorValue(dtype: DataType, shape: readonly number[], data: ArrayLike<number>): AttributeValue {
  const array =
    dtype === 'bool' ? Uint8Array.from(data) : dtype === 'int32' ? Int32Array.from(data) : Float32Array.from(data);
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return { tensor: { dtype: DATA_TYPES[dtype], tensor_shape: shapeValue(shape), tensor_content: bytes } };
}

/** Makes a node with a list of whole numbers: axes, sizes, an order. */
export const constantNode = (name: string, values: number[]): NodeDefinition => ({
  name,
  op: 'Const',
  input: [],
  attr: { dtype: typeValue('int32'), value: tensorValue('int32', [values.length], values) },
});

/** Encodes a SavedModel with one graph, tagged `serve`. */
export function encodeSavedModel(nodes: NodeDefinition[]): Uint8Array {
  return SavedModel.encode(
    SavedModel.fromObject({
      saved_model_schema_version: 1,
      meta_graphs: [{ meta_info_def: { tags: ['serve'] }, graph_def: { node: nodes, versions: { producer: 1500 } } }],
    }),
  ).finish();
}
