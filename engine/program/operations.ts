import { tf, type Tensor } from '../tensorflow.ts';

/** An attribute of a TensorFlow operation, in the form that tfjs-node's kernels use. */
export interface Attribute {
  name: string;
  type: number;
  value: unknown;
}

interface OperationBackend {
  /** Set by the recorder of a program. */
  after?(x: Tensor, earlier: Tensor): Tensor;
  executeSingleOutput(operation: string, attributes: Attribute[], inputs: Tensor[]): Tensor;
  getDTypeInteger(dtype: string): number;
  binding: Record<'TF_ATTR_TYPE' | 'TF_ATTR_BOOL' | 'TF_ATTR_INT' | 'TF_ATTR_FLOAT' | 'TF_ATTR_STRING', number>;
}

/** The backend in use: eager TensorFlow, or the recorder of a program. Both take TensorFlow's own operations. */
const backend = () => tf.backend() as unknown as OperationBackend;

const typeAttribute = (name: string, dtype: string): Attribute => ({
  name,
  type: backend().binding.TF_ATTR_TYPE,
  value: backend().getDTypeInteger(dtype),
});
export const boolAttribute = (name: string, value: boolean): Attribute => ({
  name,
  type: backend().binding.TF_ATTR_BOOL,
  value,
});

export const intAttribute = (name: string, value: number): Attribute => ({
  name,
  type: backend().binding.TF_ATTR_INT,
  value,
});
export const floatAttribute = (name: string, value: number | readonly number[]): Attribute => ({
  name,
  type: backend().binding.TF_ATTR_FLOAT,
  value,
});

/** Reshapes x [..., C] -> [rows, C]. */
export const asMatrix = (x: Tensor): Tensor => x.reshape([-1, x.shape.at(-1)!]);

/** TensorFlow's MatMul of two matrices, without a gradient: for functions that define their own. */
export function matMul2d(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  return backend().executeSingleOutput(
    'MatMul',
    [typeAttribute('T', a.dtype), boolAttribute('transpose_a', transposeA), boolAttribute('transpose_b', transposeB)],
    [a, b],
  );
}

/** TensorFlow's BiasAdd over the last axis, without a gradient. The graph optimizer fuses it with a preceding MatMul or Conv2D. */
export function biasAdd(x: Tensor, bias: Tensor): Tensor {
  const { binding } = backend();
  return backend().executeSingleOutput(
    'BiasAdd',
    [typeAttribute('T', x.dtype), { name: 'data_format', type: binding.TF_ATTR_STRING, value: 'NHWC' }],
    [x, bias],
  );
}

/** Returns dy times the derivative of the sigmoid whose value is s, without a gradient: TensorFlow's SigmoidGrad. */
function sigmoidGradient(s: Tensor, dy: Tensor): Tensor {
  return backend().executeSingleOutput('SigmoidGrad', [typeAttribute('T', s.dtype)], [s, dy]);
}

/** Returns dy times the derivative of x * sigmoid(slope * x), with `scaled` = slope * x. */
export function siluGradient(dy: Tensor, scaled: Tensor): Tensor {
  const s = scaled.sigmoid();
  return dy.mul(s.add(sigmoidGradient(s, scaled)));
}

/** Counts the ascending `boundaries` that are at most x: TensorFlow's Bucketize, inside programs. float32 -> int32 */
export function bucketize(x: Tensor, boundaries: readonly number[]): Tensor {
  return backend().executeSingleOutput(
    'Bucketize',
    [typeAttribute('T', x.dtype), floatAttribute('boundaries', boundaries)],
    [x],
  );
}

/** Selects one of two tensors of the same shape by a boolean scalar, without a gradient: TensorFlow's SelectV2. */
export function select(first: Tensor, a: Tensor, b: Tensor): Tensor {
  return backend().executeSingleOutput('SelectV2', [typeAttribute('T', a.dtype)], [first, a, b]);
}

/**
 * Returns `x` for use after `earlier`: in a program, whatever is computed from the result waits for `earlier` and is
 * not shared with what was computed from x before. A gradient thus recomputes what it would otherwise have kept.
 */
export function after(x: Tensor, earlier: Tensor): Tensor {
  return backend().after?.(x, earlier) ?? x;
}
