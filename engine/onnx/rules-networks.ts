/** ONNX rules for products, convolutions, windows, and operations over a whole axis. */
import { ELEMENT_TYPES, type OnnxAttribute } from './onnx-format.ts';
import { inOrder, type Value } from './builder.ts';
import { fixed, results, type Operation, type Rule } from './rule.ts';

/** ONNX's axis order for a picture [B, H, W, C] and for a filter [kh, kw, in, out]. */
const CHANNELS_FIRST = [0, 3, 1, 2];
const FILTER = [3, 2, 0, 1];

/** Gemm takes either factor as stored: a linear layer's weight stays [out, in], as in the file. */
const matMul: Rule = (operation) => {
  const { graph, inputs, attributes } = operation;
  const [a, b] = inputs as [Value, Value];
  const isStoredTransposed = ({ order }: Value) => order[0] === 1;
  const flag = (x: Value, attribute: string) => ({
    i: Number(isStoredTransposed(x) !== Boolean(attributes[attribute])),
  });
  return results(
    operation,
    graph.add('Gemm', [a.name, b.name], { transA: flag(a, 'transpose_a'), transB: flag(b, 'transpose_b') }),
  );
};

const batchMatMul: Rule = (operation) => {
  const { graph, inputs, attributes } = operation;
  const factor = (x: Value, transposed: unknown) => {
    const axes = inOrder(x.shape.length);
    return graph.stored(x, transposed ? [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!] : axes);
  };
  return results(
    operation,
    graph.add('MatMul', [factor(inputs[0]!, attributes['adj_x']), factor(inputs[1]!, attributes['adj_y'])]),
  );
};

/** Attributes of a window that slides over a picture. */
function windows({ inputs, attributes }: Operation, kernel: readonly number[]): Record<string, OnnxAttribute> {
  const [, ...rest] = attributes['strides'] as number[];
  const strides = rest.slice(0, 2);
  const padding = attributes['padding'] as string;
  if (padding !== 'SAME' && padding !== 'VALID') throw new Error(`padding ${padding} has no ONNX rule`);
  const dilations = ((attributes['dilations'] as number[] | undefined) ?? [1, 1, 1, 1]).slice(1, 3);
  // TensorFlow puts the odd zero of SAME below and on the right.
  const total = [0, 1].map((axis) => {
    if (padding === 'VALID') return 0;
    const length = fixed(inputs[0]!.shape[1 + axis]);
    const covered =
      (Math.ceil(length / strides[axis]!) - 1) * strides[axis]! + (kernel[axis]! - 1) * dilations[axis]! + 1;
    return Math.max(0, covered - length);
  });
  const before = total.map((zeros) => Math.floor(zeros / 2));
  const pads = [...before, ...total.map((zeros, axis) => zeros - before[axis]!)];
  return {
    kernel_shape: { ints: kernel },
    strides: { ints: strides },
    dilations: { ints: dilations },
    pads: { ints: pads },
  };
}

const convolution: Rule = (operation) => {
  const { graph, inputs } = operation;
  const [x, filter] = inputs as [Value, Value];
  const attributes = windows(operation, filter.shape.slice(0, 2).map(fixed));
  return results(
    operation,
    graph.add('Conv', [graph.stored(x, CHANNELS_FIRST), graph.stored(filter, FILTER)], attributes),
    CHANNELS_FIRST,
  );
};

const pooling =
  (operator: string): Rule =>
  (operation) => {
    const { graph, inputs, attributes } = operation;
    const { dilations: _, ...window } = windows(operation, (attributes['ksize'] as number[]).slice(1, 3));
    return results(operation, graph.add(operator, [graph.stored(inputs[0]!, CHANNELS_FIRST)], window), CHANNELS_FIRST);
  };

/** Becomes the bias of the preceding product or convolution, if nothing else reads that. */
const biasAdd: Rule = (operation) => {
  const { graph, inputs } = operation;
  const [x, bias] = inputs as [Value, Value];
  const producer = graph.producer(x.name);
  if (producer && ['Conv', 'Gemm'].includes(producer.op) && producer.inputs.length === 2 && operation.isOnlyReader(0)) {
    producer.inputs.push(graph.plain(bias));
    return results(operation, [x.name], x.order);
  }
  return results(operation, graph.add('Add', [x.name, graph.stored(bias, x.order)]), x.order);
};

const reduction =
  (operator: string): Rule =>
  (operation) => {
    const { graph, inputs, attributes } = operation;
    const [x] = inputs as [Value];
    const rank = x.shape.length;
    const axes = operation.numbers(1).map((axis) => (axis + rank) % rank);
    // ONNX takes an empty list to mean all axes.
    if (axes.length === 0) return results(operation, [x.name], x.order);
    const keep = Boolean(attributes['keep_dims']);
    const stored = graph.integers(axes.map((axis) => x.order.indexOf(axis)).sort((a, b) => a - b));
    const left = x.order.filter((axis) => !axes.includes(axis));
    const order = keep ? x.order : left.map((axis) => left.toSorted((a, b) => a - b).indexOf(axis));
    return results(operation, graph.add(operator, [x.name, stored], { keepdims: { i: Number(keep) } }), order);
  };

/** Over the last axis. */
const softmax =
  (operator: string): Rule =>
  (operation) => {
    const [x] = operation.inputs as [Value];
    const axis = x.order.indexOf(x.shape.length - 1);
    return results(operation, operation.graph.add(operator, [x.name], { axis: { i: axis } }), x.order);
  };

const layerNorm: Rule = (operation) => {
  const { graph, inputs, attributes } = operation;
  const names = inputs.map((input) => graph.plain(input));
  const epsilon = { f: attributes['epsilon'] as number };
  return results(operation, graph.add('LayerNormalization', names, { axis: { i: -1 }, epsilon }));
};

/** Both take the first of equal elements. */
const argument =
  (operator: string): Rule =>
  (operation) => {
    const { graph, inputs } = operation;
    const [x] = inputs as [Value];
    const axis = operation.numbers(1)[0]!;
    const found = graph.add(operator, [graph.plain(x)], { axis: { i: axis }, keepdims: { i: 0 } });
    return results(operation, graph.add('Cast', found, { to: { i: ELEMENT_TYPES[operation.outputs[0]!.dtype] } }));
  };

const resize =
  (mode: 'nearest' | 'linear'): Rule =>
  (operation) => {
    const { graph, inputs, attributes } = operation;
    const { align_corners: corners, half_pixel_centers: centers } = attributes;
    const [x] = inputs as [Value];
    const sizes = operation.numbers(1);
    const lengths = x.shape.slice(1, 3).map(fixed);
    const scales = sizes.map((size, axis) => size / lengths[axis]!);
    const first = graph.stored(x, CHANNELS_FIRST);
    if (mode === 'nearest' && !corners && !centers && !scales.every(Number.isInteger)) {
      // A pixel's source is a quotient of whole numbers, which ONNX computes from a rounded scale.
      const sources = sizes.map((size, axis) =>
        inOrder(size).map((pixel) => Math.floor((pixel * lengths[axis]!) / size)),
      );
      const rows = graph.add('Gather', [first, graph.integers(sources[0]!)], { axis: { i: 2 } });
      return results(
        operation,
        graph.add('Gather', [...rows, graph.integers(sources[1]!)], { axis: { i: 3 } }),
        CHANNELS_FIRST,
      );
    }
    const attribute = (s: string): OnnxAttribute => ({ s });
    const name = graph.add('Resize', [first, '', graph.constant('float32', [4], [1, 1, ...scales])], {
      mode: attribute(mode),
      coordinate_transformation_mode: attribute(corners ? 'align_corners' : centers ? 'half_pixel' : 'asymmetric'),
      // TensorFlow rounds to the nearest whole coordinate unless it truncates.
      ...(mode === 'nearest' ? { nearest_mode: attribute(corners || centers ? 'round_prefer_ceil' : 'floor') } : {}),
    });
    return results(operation, name, CHANNELS_FIRST);
  };

export const networkRules: Record<string, Rule> = {
  MatMul: matMul,
  BatchMatMulV2: batchMatMul,
  Conv2D: convolution,
  AvgPool: pooling('AveragePool'),
  MaxPool: pooling('MaxPool'),
  BiasAdd: biasAdd,
  LayerNormalization: layerNorm,
  Softmax: softmax('Softmax'),
  LogSoftmax: softmax('LogSoftmax'),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  ResizeNearestNeighbor: resize('nearest'),
  ResizeBilinear: resize('linear'),
};
for (const name of ['Sum', 'Mean', 'Max', 'Min', 'Prod']) networkRules[name] = reduction(`Reduce${name}`);
