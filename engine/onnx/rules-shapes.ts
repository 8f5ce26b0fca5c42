/** ONNX rules for moving, cutting and joining tensors. */
import { inOrder, type Value } from './builder.ts';
import { fixed, results, type Rule } from './rule.ts';
import { isSame, isOpen, type Dimension } from './traced.ts';

/** ONNX's "to the end". */
const END = Number.MAX_SAFE_INTEGER;

const from = (axis: number, rank: number) => (axis < 0 ? axis + rank : axis);

const reshape: Rule = (operation) => {
  const { graph, inputs, outputs } = operation;
  const [x] = inputs as [Value];
  const { shape } = outputs[0]!;
  if (String(shape) === String(x.shape)) return results(operation, [x.name], x.order);
  return results(operation, graph.add('Reshape', [graph.plain(x), graph.shape(shape)]));
};

/** Output axis i is input axis permutation[i]: only the order of the axes' names changes. */
const transpose: Rule = (operation) => {
  const [x] = operation.inputs as [Value];
  const permutation = operation.numbers(1);
  return results(
    operation,
    [x.name],
    x.order.map((axis) => permutation.indexOf(axis)),
  );
};

const concatenate: Rule = (operation) => {
  const { graph } = operation;
  const tensors = operation.inputs.slice(0, -1);
  const { order } = tensors[0]!;
  const axis = order.indexOf(from(operation.numbers(tensors.length)[0]!, order.length));
  return results(
    operation,
    graph.add(
      'Concat',
      tensors.map((t) => graph.stored(t, order)),
      { axis: { i: axis } },
    ),
    order,
  );
};

const split: Rule = (operation) => {
  const { graph, inputs, outputs } = operation;
  const [x] = inputs as [Value];
  const axis = x.order.indexOf(operation.numbers(2)[0]!);
  const names = graph.add(
    'Split',
    [x.name, graph.integers(operation.numbers(1))],
    { axis: { i: axis } },
    outputs.length,
  );
  return results(operation, names, x.order);
};

const slice: Rule = (operation) => {
  const { graph, inputs, outputs } = operation;
  const [x] = inputs as [Value];
  const start = operation.numbers(1);
  const cut = inOrder(start.length).filter((axis) => !isSame(outputs[0]!.shape[axis]!, x.shape[axis]!));
  if (cut.length === 0) return results(operation, [x.name], x.order);
  const end = (axis: number): number => {
    const [size, length] = [outputs[0]!.shape[axis]!, x.shape[axis]!];
    if (isOpen(size) && isOpen(length) && size.every((s, trial) => s + start[axis]! === length[trial])) return END;
    return start[axis]! + fixed(size);
  };
  const lists = [cut.map((axis) => start[axis]!), cut.map(end), cut.map((axis) => x.order.indexOf(axis))];
  return results(operation, graph.add('Slice', [x.name, ...lists.map((list) => graph.integers(list))]), x.order);
};

const stridedSlice: Rule = (operation) => {
  const { graph, inputs } = operation;
  const [x] = inputs as [Value];
  const lists = [1, 2, 3].map((input) => operation.numbers(input));
  const [starts, ends, strides] = lists.map((list) => graph.integers(x.order.map((axis) => list[axis]!))) as [
    string,
    string,
    string,
  ];
  return results(
    operation,
    graph.add('Slice', [x.name, starts, ends, graph.integers(inOrder(x.order.length)), strides]),
    x.order,
  );
};

const pad: Rule = (operation) => {
  const { graph, inputs } = operation;
  const [x] = inputs as [Value];
  const amounts = operation.numbers(1);
  const sides = [0, 1].flatMap((side) => x.order.map((axis) => amounts[2 * axis + side]!));
  const value = inputs[2] ? [inputs[2].name] : [];
  return results(operation, graph.add('Pad', [x.name, graph.integers(sides), ...value]), x.order);
};

const tile: Rule = (operation) => {
  const { graph, inputs } = operation;
  const [x] = inputs as [Value];
  const times = operation.numbers(1);
  if (times.every((n) => n === 1)) return results(operation, [x.name], x.order);
  return results(operation, graph.add('Tile', [x.name, graph.integers(x.order.map((axis) => times[axis]!))]), x.order);
};

const gather: Rule = (operation) => {
  const { graph, inputs } = operation;
  const [table, ids] = inputs as [Value, Value];
  const axis = operation.numbers(2)[0]!;
  return results(operation, graph.add('Gather', [graph.plain(table), graph.plain(ids)], { axis: { i: axis } }));
};

/** By comparison: ONNX Runtime has OneHot for few pairs of types. */
const oneHot: Rule = (operation) => {
  const { graph, inputs, outputs } = operation;
  const [ids, , on, off] = inputs as [Value, Value, Value, Value];
  const sizes: Dimension[] = [...ids.shape, 1];
  const depth = fixed(outputs[0]!.shape.at(-1));
  const column = graph.add('Reshape', [graph.plain(ids), graph.shape(sizes)]);
  const isEqual = graph.add('Equal', [...column, graph.constant('int32', [depth], inOrder(depth))]);
  return results(operation, graph.add('Where', [...isEqual, on.name, off.name]));
};

const pack: Rule = (operation) => {
  const { graph, inputs, outputs, attributes } = operation;
  const axis = from(attributes['axis'] as number, outputs[0]!.shape.length);
  const columns = inputs.map((x) => graph.add('Unsqueeze', [graph.plain(x), graph.integers([axis])])[0]!);
  return results(operation, graph.add('Concat', columns, { axis: { i: axis } }));
};

const unpack: Rule = (operation) => {
  const { graph, inputs, outputs, attributes } = operation;
  const [x] = inputs as [Value];
  const axis = from(attributes['axis'] as number, x.shape.length);
  const parts = graph.add(
    'Split',
    [graph.plain(x), graph.integers(outputs.map(() => 1))],
    { axis: { i: axis } },
    outputs.length,
  );
  return results(
    operation,
    parts.map((part) => graph.add('Squeeze', [part, graph.integers([axis])])[0]!),
  );
};

const expand: Rule = (operation) => {
  const { graph, inputs, outputs } = operation;
  return results(
    operation,
    graph.add('Expand', [graph.plain(inputs[0]!), graph.integers(outputs[0]!.shape.map(fixed))]),
  );
};

export const shapeRules: Record<string, Rule> = {
  Reshape: reshape,
  Transpose: transpose,
  ConcatV2: concatenate,
  SplitV: split,
  Slice: slice,
  StridedSlice: stridedSlice,
  Pad: pad,
  PadV2: pad,
  Tile: tile,
  GatherV2: gather,
  OneHot: oneHot,
  Pack: pack,
  Unpack: unpack,
  BroadcastTo: expand,
};
