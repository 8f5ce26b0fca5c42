/**
 * ONNX rules for element-wise operations: the order of axes does not matter, so that of the (largest) input is kept.
 */
import type { DataType } from '../program/graph-definition.ts';
import { ELEMENT_TYPES } from './onnx-format.ts';
import { results, type Operation, type Rule } from './rule.ts';
import type { Value } from './builder.ts';
import { isOpen } from './traced.ts';

/** A function of one tensor: the ONNX operators to apply, one after the other. */
const unary =
  (...operators: string[]): Rule =>
  (operation) => {
    const [x] = operation.inputs as [Value];
    const name = operators.reduce((name, operator) => operation.graph.add(operator, [name])[0]!, x.name);
    return results(operation, [name], x.order);
  };

/** A function of broadcast tensors. @param combine adds the nodes, given the names of its inputs */
const broadcast =
  (combine: (graph: Operation['graph'], names: string[]) => string): Rule =>
  (operation) => {
    const { graph, inputs, outputs } = operation;
    const rank = outputs[0]!.shape.length;
    const order = inputs.filter(({ shape }) => shape.length === rank).toSorted((a, b) => elements(b) - elements(a))[0]!
      .order;
    return results(
      operation,
      [
        combine(
          graph,
          inputs.map((input) => graph.stored(input, order)),
        ),
      ],
      order,
    );
  };
const elements = ({ shape }: Value) =>
  shape.reduce<number>((product, size) => product * (isOpen(size) ? size[1] : size), 1);

const binary = (operator: string) => broadcast((graph, names) => graph.add(operator, names)[0]!);

const cast: Rule = (operation) => {
  const [x] = operation.inputs as [Value];
  const target = operation.attributes['DstT'] as DataType;
  const name =
    target === x.dtype ? x.name : operation.graph.add('Cast', [x.name], { to: { i: ELEMENT_TYPES[target] } })[0]!;
  return results(operation, [name], x.order);
};

const where: Rule = broadcast((graph, names) => graph.add('Where', names)[0]!);

export const elementRules: Record<string, Rule> = {
  Identity: unary(),
  Gelu: unary('Gelu'),
  Rsqrt: unary('Sqrt', 'Reciprocal'),
  LogicalNot: unary('Not'),
  Square: (operation) => {
    const [x] = operation.inputs as [Value];
    return results(operation, operation.graph.add('Mul', [x.name, x.name]), x.order);
  },
  AddV2: binary('Add'),
  RealDiv: binary('Div'),
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  LogicalAnd: binary('And'),
  LogicalOr: binary('Or'),
  GreaterEqual: binary('GreaterOrEqual'),
  LessEqual: binary('LessOrEqual'),
  NotEqual: broadcast((graph, names) => graph.add('Not', graph.add('Equal', names))[0]!),
  SquaredDifference: broadcast((graph, names) => {
    const [difference] = graph.add('Sub', names) as [string];
    return graph.add('Mul', [difference, difference])[0]!;
  }),
  AddN: binary('Sum'),
  Select: where,
  SelectV2: where,
  Cast: cast,
};
for (const name of 'Abs Ceil Cos Elu Erf Exp Floor Log Neg Reciprocal Relu Round Sigmoid Sign Sin Softplus Sqrt Tan Tanh'.split(
  ' ',
))
  elementRules[name] = unary(name);
for (const name of 'Add Sub Mul Div Pow Equal Greater Less'.split(' ')) elementRules[name] = binary(name);
