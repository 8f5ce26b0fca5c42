import type { TracedOperation, TracedTensor } from './traced.ts';

/**
 * Replaces groups of operations by the operators that ONNX has for them: gelu and layer normalization. Leaves it to the
 * caller to drop inner operations that are no longer needed.
 */
export function fusePatterns(operations: readonly TracedOperation[]): TracedOperation[] {
  const find = finder(operations);
  return operations.map((operation) => {
    const fused = matchGelu(operation, find) ?? matchLayerNorm(operation, find);
    return fused ? { ...operation, attributes: {}, ...fused } : operation;
  });
}

type Fused = Pick<TracedOperation, 'op' | 'inputs'> & Partial<Pick<TracedOperation, 'attributes'>>;
/** Returns the inputs of the operation `op` that makes a tensor; undefined if another operation does. */
type Find = (tensor: TracedTensor | undefined, op: string) => (TracedTensor | undefined)[];

function finder(operations: readonly TracedOperation[]): Find {
  const producers = new Map<TracedTensor, TracedOperation>();
  for (const operation of operations) for (const output of operation.outputs) producers.set(output, operation);
  // tfjs casts before a mean, whatever the type.
  const uncast = (tensor: TracedTensor): TracedTensor => {
    const producer = producers.get(tensor);
    const isIdle = producer?.op === 'Cast' && producer.inputs[0]!.dtype === tensor.dtype;
    return isIdle ? uncast(producer.inputs[0]!) : tensor;
  };
  return (tensor, op) => {
    const producer = tensor && producers.get(tensor);
    return producer?.op === op ? producer.inputs.map(uncast) : [];
  };
}

const isNumber = (tensor: TracedTensor | undefined, value: number): boolean =>
  tensor?.values?.length === 1 && tensor.values[0] === Math.fround(value);

/** Matches x * (erf(x * sqrt(1/2)) + 1) * 0.5. */
function matchGelu(root: TracedOperation, find: Find): Fused | undefined {
  const [product, half] = find(root.outputs[0], 'Mul');
  const [x, sum] = find(product, 'Mul');
  const [erf, one] = find(sum, 'Add');
  const [scaled] = find(erf, 'Erf');
  const [inner, factor] = find(scaled, 'Mul');
  const isGelu =
    x !== undefined && x === inner && isNumber(half, 0.5) && isNumber(one, 1) && isNumber(factor, Math.SQRT1_2);
  return isGelu ? { op: 'Gelu', inputs: [x] } : undefined;
}

/** Matches (x - mean) * rsqrt(mean((x - mean)^2) + epsilon) * weight + bias, over the last axis. */
function matchLayerNorm(root: TracedOperation, find: Find): Fused | undefined {
  const [product, bias] = find(root.outputs[0], 'Add');
  const [normal, weight] = find(product, 'Mul');
  const [centered, scale] = find(normal, 'Mul');
  const [x, mean] = find(centered, 'Sub');
  const [sum] = find(scale, 'Rsqrt');
  const [variance, epsilon] = find(sum, 'Add');
  const [square, axis] = find(variance, 'Mean');
  const [root2] = find(square, 'Square');
  const [inner, axis2] = find(mean, 'Mean');
  if (
    !x ||
    !weight ||
    !bias ||
    x !== inner ||
    root2 !== centered ||
    weight.shape.length !== 1 ||
    bias.shape.length !== 1
  )
    return;
  const last = x.shape.length - 1;
  if (!isNumber(axis, last) || !isNumber(axis2, last) || epsilon?.values?.length !== 1) return;
  return { op: 'LayerNormalization', inputs: [x, weight, bias], attributes: { epsilon: epsilon.values[0] } };
}
