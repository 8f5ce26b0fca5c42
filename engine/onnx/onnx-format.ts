import { dirname, join } from 'node:path';
import protobuf from 'protobufjs';
import { writeFileAtomic } from '../../common/files.ts';
import { product } from '../../common/product.ts';

/** ONNX's file format: the part of onnx.proto that a model of recorded operations needs. Field numbers are ONNX's. */
const { ModelProto } = protobuf.parse(
  `
  syntax = "proto2";
  message AttributeProto {
    optional string name = 1; optional float f = 2; optional int64 i = 3; optional bytes s = 4;
    repeated int64 ints = 8; optional int32 type = 20;
  }
  message NodeProto {
    repeated string input = 1; repeated string output = 2; optional string name = 3; optional string op_type = 4;
    repeated AttributeProto attribute = 5;
  }
  message StringStringEntryProto { optional string key = 1; optional string value = 2; }
  message TensorProto {
    repeated int64 dims = 1; optional int32 data_type = 2; optional string name = 8; optional bytes raw_data = 9;
    repeated StringStringEntryProto external_data = 13; optional int32 data_location = 14;
  }
  message Dimension { optional int64 dim_value = 1; optional string dim_param = 2; }
  message TensorShapeProto { repeated Dimension dim = 1; }
  message TensorType { optional int32 elem_type = 1; optional TensorShapeProto shape = 2; }
  message TypeProto { optional TensorType tensor_type = 1; }
  message ValueInfoProto { optional string name = 1; optional TypeProto type = 2; }
  message GraphProto {
    repeated NodeProto node = 1; optional string name = 2; repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
  }
  message OperatorSetIdProto { optional string domain = 1; optional int64 version = 2; }
  message ModelProto {
    optional int64 ir_version = 1; optional string producer_name = 2; optional GraphProto graph = 7;
    repeated OperatorSetIdProto opset_import = 8;
  }
`,
  { keepCase: true },
).root as unknown as { ModelProto: protobuf.Type };

/** The version of ONNX's operators that the rules target, and the oldest file version that may hold it. */
const OPERATOR_SET = 20;
const FILE_VERSION = 9;

/** TensorProto.DataType. */
export const ELEMENT_TYPES = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10 } as const;
export type ElementType = keyof typeof ELEMENT_TYPES;

export type OnnxAttribute = { i: number } | { f: number } | { s: string } | { ints: readonly number[] };

export interface OnnxNode {
  op: string;
  inputs: string[];
  outputs: string[];
  attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A constant of the graph: a weight or a small number. */
export interface Initializer {
  name: string;
  dtype: ElementType;
  shape: readonly number[];
  /** Little-endian, row-major. A weight may be read from its file on each access, so access it once. */
  readonly bytes: Uint8Array;
}

const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = { float32: 4, int32: 4, int64: 8, bool: 1, float16: 2 };
const byteLength = ({ dtype, shape }: Initializer) => product(shape) * ELEMENT_BYTES[dtype];

export interface OnnxPort {
  name: string;
  dtype: ElementType;
  /** A size, or the name of an open one. */
  shape: readonly (number | string)[];
}

export interface OnnxGraph {
  name: string;
  inputs: readonly OnnxPort[];
  outputs: readonly OnnxPort[];
  initializers: readonly Initializer[];
  /** Sorted so that they can be run in order. */
  nodes: readonly OnnxNode[];
}

/** Encodes a model file with less than 2 GiB of weights. Equal graphs give equal bytes. */
export function encodeModel(graph: OnnxGraph): Uint8Array {
  return encode(graph, ({ bytes }) => ({ raw_data: bytes }));
}

/** Protobuf's limit for a message is 2 GiB; this leaves room for everything but weights. */
const MAX_WEIGHT_BYTES = 2 ** 31 - 2 ** 26;
/** diffusers' name for the file of weights outside a model file. */
const WEIGHTS_FILE = 'weights.pb';
/** Smaller constants always stay in the model file: shapes are read from them before the weights are loaded. */
const MIN_EXTERNAL_BYTES = 1024;

/**
 * Writes a model as one file or, with more weights than one may hold, as that file and `weights.pb` beside it.
 * @returns the paths
 */
export async function writeModel(path: string, graph: OnnxGraph, maxWeightBytes = MAX_WEIGHT_BYTES): Promise<string[]> {
  const weightBytes = graph.initializers.reduce((sum, initializer) => sum + byteLength(initializer), 0);
  if (weightBytes <= maxWeightBytes) {
    await writeFileAtomic(path, encodeModel(graph));
    return [path];
  }
  const external: Initializer[] = [];
  let offset = 0;
  const model = encode(graph, (initializer) => {
    const length = byteLength(initializer);
    if (length < MIN_EXTERNAL_BYTES) return { raw_data: initializer.bytes };
    const place = { location: WEIGHTS_FILE, offset: `${offset}`, length: `${length}` };
    external.push(initializer);
    offset += length;
    return { data_location: 1, external_data: Object.entries(place).map(([key, value]) => ({ key, value })) };
  });
  const weightsPath = join(dirname(path), WEIGHTS_FILE);
  await writeFileAtomic(
    weightsPath,
    (function* () {
      for (const { bytes } of external) yield bytes;
    })(),
  );
  await writeFileAtomic(path, model);
  return [path, weightsPath];
}

function encode(graph: OnnxGraph, data: (initializer: Initializer) => object): Uint8Array {
  return ModelProto.encode(
    ModelProto.fromObject({
      ir_version: FILE_VERSION,
      producer_name: 'textcraftor',
      opset_import: [{ domain: '', version: OPERATOR_SET }],
      graph: {
        name: graph.name,
        node: graph.nodes.map(nodeProto),
        initializer: graph.initializers.map((initializer) => ({
          name: initializer.name,
          dims: initializer.shape,
          data_type: ELEMENT_TYPES[initializer.dtype],
          ...data(initializer),
        })),
        input: graph.inputs.map(portProto),
        output: graph.outputs.map(portProto),
      },
    }),
  ).finish();
}

const nodeProto = ({ op, inputs, outputs, attributes }: OnnxNode) => ({
  op_type: op,
  name: outputs[0],
  input: inputs,
  output: outputs,
  attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
});

/** With AttributeProto.AttributeType. */
function attributeProto(name: string, value: OnnxAttribute): object {
  if ('f' in value) return { name, type: 1, ...value };
  if ('i' in value) return { name, type: 2, ...value };
  if ('s' in value) return { name, type: 3, s: Buffer.from(value.s) };
  return { name, type: 7, ...value };
}

const portProto = ({ name, dtype, shape }: OnnxPort) => ({
  name,
  type: {
    tensor_type: {
      elem_type: ELEMENT_TYPES[dtype],
      shape: { dim: shape.map((size) => (typeof size === 'number' ? { dim_value: size } : { dim_param: size })) },
    },
  },
});
