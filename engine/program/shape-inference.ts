/**
 * Output shapes and types of the TensorFlow operations that tfjs's kernels and gradients emit, so that a function can
 * be recorded without running it. The rules are those of TensorFlow's own shape functions (core/ops/*.cc).
 */
import { product } from '../../common/product.ts';
import type { DataType, StoredType } from './graph-definition.ts';

export interface Input {
  shape: readonly number[];
  dtype: DataType;
  /** The elements, if known while recording (axes, permutations, sizes). */
  values?: ArrayLike<number> | undefined;
}
export interface Output {
  shape: number[];
  dtype: DataType;
}
/** Shape and type of a node's output in a graph that may have been rewritten after recording. */
export interface NodeOutput {
  shape: number[];
  dtype: StoredType;
}
export type Attributes = Readonly<Record<string, unknown>>;
type Rule = (inputs: Input[], attributes: Attributes) => Output[];

const same: Rule = ([x]) => [{ shape: [...x!.shape], dtype: x!.dtype }];
const likeInputs =
  (...indices: number[]): Rule =>
  (inputs) =>
    indices.map((index) => ({ shape: [...inputs[index]!.shape], dtype: inputs[index]!.dtype }));
const likeSecond = likeInputs(1);
/** A normalized tensor and two statistics of it. */
const withStatistics =
  (shapeOf: (shape: readonly number[], attributes: Attributes) => number[]): Rule =>
  ([x], attributes) => {
    const statistics = { shape: shapeOf(x!.shape, attributes), dtype: x!.dtype };
    return [...same([x!], attributes), statistics, statistics];
  };
const broadcast: Rule = ([a, b]) => [{ shape: broadcastShapes(a!.shape, b!.shape), dtype: a!.dtype }];
const compare: Rule = (inputs) => [{ shape: broadcast(inputs, {})[0]!.shape, dtype: 'bool' }];
const predicate: Rule = ([x]) => [{ shape: [...x!.shape], dtype: 'bool' }];

/** Returns the shape of an element-wise result (numpy's rule). */
function broadcastShapes(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new Error(`shapes [${a}] and [${b}] do not broadcast`);
    return x === 1 ? y : x;
  });
}

function known(input: Input | undefined, what: string): number[] {
  if (input?.values === undefined) throw new Error(`${what} must be a constant while a program is recorded`);
  return Array.from(input.values);
}

const reduction: Rule = ([x, axes], attributes) => {
  const dropped = new Set(known(axes, 'an axis').map((axis) => (axis + x!.shape.length) % x!.shape.length));
  const shape = attributes['keep_dims']
    ? x!.shape.map((d, i) => (dropped.has(i) ? 1 : d))
    : x!.shape.filter((_, i) => !dropped.has(i));
  return [{ shape, dtype: x!.dtype }];
};

const matMul: Rule = ([a, b], { transpose_a, transpose_b }) => {
  const [rows, inner] = transpose_a ? [a!.shape[1]!, a!.shape[0]!] : [a!.shape[0]!, a!.shape[1]!];
  const [inner2, columns] = transpose_b ? [b!.shape[1]!, b!.shape[0]!] : [b!.shape[0]!, b!.shape[1]!];
  if (inner !== inner2) throw new Error(`matrices [${a!.shape}] and [${b!.shape}] do not multiply`);
  return [{ shape: [rows, columns], dtype: a!.dtype }];
};

const batchMatMul: Rule = ([a, b], { adj_x, adj_y }) => {
  const [matrix] = matMul(
    [
      { shape: a!.shape.slice(-2), dtype: a!.dtype },
      { shape: b!.shape.slice(-2), dtype: b!.dtype },
    ],
    { transpose_a: adj_x, transpose_b: adj_y },
  );
  return [
    { shape: [...broadcastShapes(a!.shape.slice(0, -2), b!.shape.slice(0, -2)), ...matrix!.shape], dtype: a!.dtype },
  ];
};

/** Height or width after a window of `kernel` moves by `stride`. */
const windows = (length: number, kernel: number, stride: number, padding: unknown) =>
  padding === 'SAME' ? Math.ceil(length / stride) : Math.ceil((length - kernel + 1) / stride);

/** Output of a kernel [height, width] that slides over x, with `channels`. */
const slid = (x: Input, kernel: readonly number[], channels: number, { strides, padding }: Attributes): Output => {
  const [batch, height, width] = x.shape;
  const [, strideY, strideX] = strides as number[];
  const rows = windows(height!, kernel[0]!, strideY!, padding);
  return { shape: [batch!, rows, windows(width!, kernel[1]!, strideX!, padding), channels], dtype: x.dtype };
};
const convolution: Rule = ([x, filter], attributes) => [slid(x!, filter!.shape, filter!.shape[3]!, attributes)];
const pooling: Rule = ([x], attributes) => [
  slid(x!, (attributes['ksize'] as number[]).slice(1), x!.shape[3]!, attributes),
];

const sizeGiven =
  (index: number): Rule =>
  (inputs) => [{ shape: known(inputs[index], 'a shape'), dtype: inputs.find((_, i) => i !== index)!.dtype }];

const reshape: Rule = ([x, target]) => {
  const shape = known(target, 'a shape');
  const rest = shape.reduce((a, d) => (d < 0 ? a : a * d), 1);
  return [{ shape: shape.map((d) => (d < 0 ? product(x!.shape) / rest : d)), dtype: x!.dtype }];
};

const concatenate: Rule = (inputs) => {
  const tensors = inputs.slice(0, -1);
  const rank = tensors[0]!.shape.length;
  const axis = (known(inputs.at(-1), 'an axis')[0]! + rank) % rank;
  const total = tensors.reduce((sum, t) => sum + t.shape[axis]!, 0);
  return [{ shape: tensors[0]!.shape.map((d, i) => (i === axis ? total : d)), dtype: tensors[0]!.dtype }];
};

const split: Rule = ([x, sizes, axisInput]) => {
  const axis = known(axisInput, 'an axis')[0]!;
  return known(sizes, 'sizes').map((part) => ({
    shape: x!.shape.map((d, i) => (i === axis ? part : d)),
    dtype: x!.dtype,
  }));
};

const slice: Rule = ([x, begin, length]) => {
  const start = known(begin, 'a begin');
  return [{ shape: known(length, 'a size').map((d, i) => (d < 0 ? x!.shape[i]! - start[i]! : d)), dtype: x!.dtype }];
};

const stridedSlice: Rule = ([x, beginInput, endInput, strideInput], attributes) => {
  for (const mask of ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'])
    if (attributes[mask]) throw new Error(`StridedSlice with ${mask} cannot be recorded`);
  const [begin, end, stride] = [known(beginInput, 'a begin'), known(endInput, 'an end'), known(strideInput, 'strides')];
  return [{ shape: begin.map((b, i) => Math.max(0, Math.ceil((end[i]! - b) / stride[i]!))), dtype: x!.dtype }];
};

const pad: Rule = ([x, paddings]) => {
  const p = known(paddings, 'paddings');
  return [{ shape: x!.shape.map((d, i) => d + p[2 * i]! + p[2 * i + 1]!), dtype: x!.dtype }];
};

const resize: Rule = ([x, target]) => {
  const [height, width] = known(target, 'a size');
  return [{ shape: [x!.shape[0]!, height!, width!, x!.shape[3]!], dtype: 'float32' }];
};

const gather: Rule = ([table, ids, axisInput], { batch_dims }) => {
  if (batch_dims) throw new Error('GatherV2 with batch dimensions cannot be recorded');
  const axis = known(axisInput, 'an axis')[0]!;
  return [
    { shape: [...table!.shape.slice(0, axis), ...ids!.shape, ...table!.shape.slice(axis + 1)], dtype: table!.dtype },
  ];
};

const segmentSum: Rule = ([x, ids, count]) => [
  { shape: [known(count, 'a number of segments')[0]!, ...x!.shape.slice(ids!.shape.length)], dtype: x!.dtype },
];

const argument: Rule = ([x, axisInput]) => {
  const axis = known(axisInput, 'an axis')[0]!;
  return [{ shape: x!.shape.filter((_, i) => i !== (axis + x!.shape.length) % x!.shape.length), dtype: 'int32' }];
};

const withChannels = ({ shape, dtype }: Input, channels: number): Output => ({
  shape: [...shape.slice(0, -1), channels],
  dtype,
});

const rules: Record<string, Rule> = {
  MatMul: matMul,
  BatchMatMulV2: batchMatMul,
  Conv2D: convolution,
  Conv2DBackpropInput: ([sizes, , dy]) => [{ shape: known(sizes, 'a shape'), dtype: dy!.dtype }],
  Conv2DBackpropFilter: ([, sizes, dy]) => [{ shape: known(sizes, 'a shape'), dtype: dy!.dtype }],
  AvgPool: pooling,
  MaxPool: pooling,
  AvgPoolGrad: sizeGiven(0),
  MaxPoolGrad: same,
  BiasAdd: same,
  Softmax: same,
  LogSoftmax: same,
  Reshape: reshape,
  Transpose: ([x, order]) => [{ shape: known(order, 'a permutation').map((i) => x!.shape[i]!), dtype: x!.dtype }],
  ConcatV2: concatenate,
  SplitV: split,
  Slice: slice,
  StridedSlice: stridedSlice,
  Pad: pad,
  PadV2: pad,
  Tile: ([x, times]) => [{ shape: known(times, 'multiples').map((n, i) => n * x!.shape[i]!), dtype: x!.dtype }],
  BroadcastTo: sizeGiven(1),
  Fill: sizeGiven(0),
  GatherV2: gather,
  UnsortedSegmentSum: segmentSum,
  OneHot: ([ids, depth, on]) => [{ shape: [...ids!.shape, known(depth, 'a depth')[0]!], dtype: on!.dtype }],
  ResizeBilinear: resize,
  ResizeNearestNeighbor: resize,
  ResizeBilinearGrad: likeSecond,
  ResizeNearestNeighborGrad: resize,
  Pack: (inputs, { axis }) => [
    { shape: inputs[0]!.shape.toSpliced(axis as number, 0, inputs.length), dtype: inputs[0]!.dtype },
  ],
  Unpack: ([x], { axis, num }) =>
    Array.from({ length: num as number }, () => ({ shape: x!.shape.toSpliced(axis as number, 1), dtype: x!.dtype })),
  Select: likeSecond,
  SelectV2: ([c, a, b]) => [{ shape: broadcastShapes(c!.shape, broadcastShapes(a!.shape, b!.shape)), dtype: a!.dtype }],
  Cast: ([x], { DstT }) => [{ shape: [...x!.shape], dtype: DstT as DataType }],
  ArgMax: argument,
  ArgMin: argument,
  ReverseV2: same,
  Cumsum: same,
  Bucketize: ([x]) => [{ shape: [...x!.shape], dtype: 'int32' }],
  AddN: same,
  'TextCraftor>Product': ([x, w], { transposed }) => [withChannels(x!, w!.shape[transposed ? 0 : 1]!)],
  'TextCraftor>Convolution': ([x, filter], { turned }) => [withChannels(x!, filter!.shape[turned ? 2 : 3]!)],
  'TextCraftor>GroupNorm': withStatistics(([batch], { groups }) => [batch!, groups as number]),
  'TextCraftor>GroupNormGrad': likeInputs(1, 2, 3),
  'TextCraftor>LayerNorm': withStatistics((shape) => [product(shape.slice(0, -1))]),
  'TextCraftor>LayerNormGrad': likeInputs(1, 2, 2),
  'TextCraftor>SigmoidGate': same,
  'TextCraftor>SigmoidGateGrad': same,
  'TextCraftor>GeluGate': same,
  'TextCraftor>GeluGateGrad': likeInputs(1, 2),
  'TextCraftor>Attention': withStatistics(([batch, queries], { heads }) => [
    batch!,
    heads as number,
    Math.ceil(queries! / 16) * 16,
  ]),
  'TextCraftor>AttentionGrad': likeInputs(1, 2, 3),
};
const group = (names: string, rule: Rule) => names.split(' ').forEach((name) => (rules[name] = rule));
group(
  'Abs Ceil Cos Elu Erf Exp Expm1 Floor Identity Log Log1p Neg OnesLike Reciprocal Relu Round Rsqrt Sigmoid SigmoidGrad Sign Sin Softplus Sqrt Square Tan Tanh ZerosLike LogicalNot',
  same,
);
group(
  'Add AddV2 Sub Mul RealDiv Div DivNoNan FloorDiv FloorMod Mod Maximum Minimum Pow SquaredDifference LogicalAnd LogicalOr',
  broadcast,
);
group('Equal NotEqual Greater GreaterEqual Less LessEqual', compare);
group('Sum Mean Max Min Prod All Any', reduction);
group('IsNan IsInf IsFinite', predicate);

/** Infers what `operation` would return. Throws if the operation has no rule: add it here. */
export function inferOutputs(operation: string, inputs: Input[], attributes: Attributes): Output[] {
  const rule = rules[operation];
  if (!rule) throw new Error(`TensorFlow's ${operation} has no shape rule in engine/program/shape-inference.ts`);
  try {
    return rule(inputs, attributes);
  } catch (error) {
    throw new Error(`${operation}(${inputs.map((i) => `[${i.shape}]`).join(', ')}): ${(error as Error).message}`);
  }
}
