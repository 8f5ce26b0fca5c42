import type { Weights } from '../weights/weights.ts';
import { GraphBuilder, inOrder, type Value } from './builder.ts';
import type { OnnxGraph, OnnxPort } from './onnx-format.ts';
import type { Build, OpenTensorSpec } from './recording.ts';
import type { Operation, Rule } from './rule.ts';
import { elementRules } from './rules-elements.ts';
import { networkRules } from './rules-networks.ts';
import { shapeRules } from './rules-shapes.ts';
import { addParameter } from './stored-weight.ts';
import { isOpenSize, trace } from './trace.ts';
import { isOpen, type Trace, type TracedOperation, type TracedTensor } from './traced.ts';

export interface OnnxExport<I extends string> {
  name: string;
  /**
   * Shapes and types by name. A size given by a name is left open. Open sizes are assumed equal when shapes are
   * computed; broadcasting still lets a 1 match any.
   */
  inputs: Record<I, OpenTensorSpec>;
  /** Builds outputs by name from inputs and parameters with ordinary tfjs operations. */
  build: Build<I>;
  /** In the file's layout and names, which the model's initializers keep. */
  weights: Weights;
  /** Origin of the weights, for messages. */
  source: string;
  /** Type of the stored weights; the model computes in float32. */
  dtype?: 'float32' | 'float16';
}

/**
 * Exports a function as an ONNX model: records its TensorFlow operations and converts each to ONNX operators.
 * @throws InputError that names a weight that is missing or has another shape; Error for an operation without a rule
 */
export function exportOnnx<I extends string>({
  name,
  inputs,
  build,
  weights,
  source,
  dtype = 'float32',
}: OnnxExport<I>): OnnxGraph {
  const traced = trace(inputs, build);
  const graph = new GraphBuilder();
  const values = new Map<TracedTensor, Value>();
  for (const [input, tensor] of traced.inputs) values.set(tensor, plainValue(input, tensor));
  for (const parameter of traced.parameters)
    if (parameter.tensor.uses > 0) values.set(parameter.tensor, addParameter(graph, parameter, weights, source, dtype));
  for (const operation of traced.operations) convert(graph, operation, values);
  const outputs = addOutputs(graph, traced, values, Object.values<OpenTensorSpec>(inputs));
  return {
    name,
    inputs: Object.entries<OpenTensorSpec>(inputs).map(([input, spec]) => ({ name: input, ...spec })),
    outputs,
    initializers: graph.initializers,
    nodes: graph.nodes,
  };
}

const rules: Readonly<Record<string, Rule>> = { ...elementRules, ...shapeRules, ...networkRules };

function convert(graph: GraphBuilder, operation: TracedOperation, values: Map<TracedTensor, Value>): void {
  const { name, op, inputs } = operation;
  const rule = rules[op];
  if (!rule) throw new Error(`TensorFlow's ${op} has no ONNX rule in engine/onnx`);
  const elements = (input: number) => {
    const { values: found } = inputs[input]!;
    if (!found) throw new Error(`input ${input} must be a constant`);
    return found;
  };
  const numbers = (input: number) =>
    elements(input).map((element) => {
      if (isOpen(element))
        throw new Error(`input ${input}, a constant, depends on an open size; give that a fixed one`);
      return element;
    });
  try {
    const context: Operation = {
      ...operation,
      graph,
      // A constant that only shapes the result is not needed in the graph.
      inputs: inputs.map((tensor) => values.get(tensor) ?? lazyConstant(graph, tensor, values)),
      elements,
      numbers,
      isOnlyReader: (input) => inputs[input]!.uses === 1,
    };
    for (const [i, value] of rule(context).entries()) values.set(operation.outputs[i]!, value);
  } catch (error) {
    throw new Error(`${op} (${name}): ${(error as Error).message}`);
  }
}

const plainValue = (name: string, { shape, dtype }: TracedTensor): Value => ({
  name,
  shape,
  dtype,
  order: inOrder(shape.length),
});

/** A constant that becomes an initializer when its name is asked for. */
function lazyConstant(graph: GraphBuilder, tensor: TracedTensor, values: Map<TracedTensor, Value>): Value {
  const { shape, dtype, values: elements } = tensor;
  const value = {
    ...plainValue('', tensor),
    get name(): string {
      if (elements!.some(isOpen) || shape.some(isOpen))
        throw new Error('a constant depends on an open size; give that a fixed one');
      return graph.constant(dtype, shape as number[], elements as number[]);
    },
  };
  values.set(tensor, value);
  return value;
}

function addOutputs(
  graph: GraphBuilder,
  traced: Trace,
  values: Map<TracedTensor, Value>,
  specs: OpenTensorSpec[],
): OnnxPort[] {
  const openName = specs.flatMap(({ shape }) => shape).find((size) => typeof size === 'string');
  return [...traced.outputs].map(([name, tensor]) => {
    const value = values.get(tensor) ?? lazyConstant(graph, tensor, values);
    graph.nodes.push({ op: 'Identity', inputs: [graph.plain(value)], outputs: [name], attributes: {} });
    const shape = tensor.shape.map((size) =>
      !isOpen(size) ? size : isOpenSize(size) ? openName! : `${size.join('_')}`,
    );
    return { name, dtype: tensor.dtype, shape };
  });
}
