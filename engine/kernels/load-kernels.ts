/**
 * Layers computed by this project's own TensorFlow operations (`engine/kernels/*.cc`, built into the add-on by the
 * set-up): each replaces a dozen of TensorFlow's, which would all read and write everything. For float32 programs on
 * the CPU; `engine/layers` has the same functions in TensorFlow's own operations for everything else.
 */
import { differentiable } from '../differentiable.ts';
import { boolAttribute, floatAttribute, intAttribute, type Attribute } from '../program/operations.ts';
import { tf, type Tensor } from '../tensorflow.ts';

interface KernelBackend {
  /** Set by the recorder of a program. */
  hasKernels?: boolean;
  executeMultipleOutputs(operation: string, attributes: Attribute[], inputs: Tensor[], outputs: number): Tensor[];
}

const backend = () => tf.backend() as unknown as KernelBackend;

/** Returns whether the program being recorded may use them. */
export const hasKernels = (): boolean => backend().hasKernels ?? false;

/** The outputs of an operation, as many as the tuple has. */
const run = <Outputs extends Tensor[]>(
  name: string,
  outputs: Outputs['length'],
  inputs: Tensor[],
  attributes: Attribute[] = [],
): Outputs => backend().executeMultipleOutputs(`TextCraftor>${name}`, attributes, inputs, outputs) as Outputs;

type Two = [Tensor, Tensor];
type Three = [Tensor, Tensor, Tensor];

/** Normalizes x [..., C] over the last axis; weight and bias [C]. */
export const fusedLayerNorm = (epsilon: number) =>
  differentiable(
    ([x, weight, bias], save) => {
      const [y, mean, rstd] = run<Three>('LayerNorm', 3, [x!, weight!, bias!], [floatAttribute('epsilon', epsilon)]);
      save([x!, weight!, mean, rstd]);
      return y;
    },
    (dy, saved) => run<Three>('LayerNormGrad', 3, [dy, ...saved]),
  );

/** Maps x linearly by a weight, plus a bias if given. */
const linearly = (name: string, x: Tensor, weight: Tensor, flag: Attribute, bias?: Tensor): Tensor =>
  run<[Tensor]>(name, 1, bias ? [x, weight, bias] : [x, weight], [flag, intAttribute('N', bias ? 1 : 0)])[0];

export interface ProductOptions {
  transposed?: boolean;
  bias?: Tensor | undefined;
}

/**
 * Multiplies x [rows, in] by w [in, out], or [out, in] if `transposed`, and adds a bias [out] if given; without a
 * gradient.
 */
export const fusedProduct = (x: Tensor, w: Tensor, { transposed = false, bias }: ProductOptions = {}): Tensor =>
  linearly('Product', x, w, boolAttribute('transposed', transposed), bias);

export interface FusedConvolutionOptions {
  turned?: boolean;
  bias?: Tensor | undefined;
}

/**
 * Convolves x [B, H, W, in] with a weight [3, 3, in, out], padding with zeros so that the picture keeps its size, and
 * adds a bias [out] if given; without a gradient. If `turned`, computes the gradient by the input of a convolution with
 * the weight [3, 3, out, in].
 */
export const fusedConvolution = (
  x: Tensor,
  weight: Tensor,
  { turned = false, bias }: FusedConvolutionOptions = {},
): Tensor => linearly('Convolution', x, weight, boolAttribute('turned', turned), bias);

export interface GroupNormOptions {
  groups: number;
  epsilon: number;
  /** Whether SiLU follows. */
  silu: boolean;
}

/** Normalizes x [B, H, W, C] over the pixels and the channels of each group; weight and bias [C]. */
export const fusedGroupNorm = ({ groups, epsilon, silu }: GroupNormOptions) => {
  const attributes = () => [intAttribute('groups', groups), boolAttribute('silu', silu)];
  return differentiable(
    (inputs, save) => {
      const [y, mean, rstd] = run<Three>('GroupNorm', 3, inputs, [...attributes(), floatAttribute('epsilon', epsilon)]);
      save([...inputs, mean, rstd]);
      return y;
    },
    (dy, saved) => run<Three>('GroupNormGrad', 3, [dy, ...saved], attributes()),
  );
};

/** Returns x * sigmoid(slope * x). */
export const fusedSigmoidGate = (slope: number) =>
  differentiable(
    ([x], save) => {
      save([x!]);
      return run<[Tensor]>('SigmoidGate', 1, [x!], [floatAttribute('slope', slope)])[0];
    },
    (dy, [x]) => run<[Tensor]>('SigmoidGateGrad', 1, [dy, x!], [floatAttribute('slope', slope)]),
  );

/** value * gelu(gate), with what its gradient needs; and the gradients by both. */
export const fusedGeluGate = {
  forward: (value: Tensor, gate: Tensor) => run<[Tensor, ...Tensor[]]>('GeluGate', 1, [value, gate]),
  backward: (dy: Tensor, value: Tensor, gate: Tensor, ...more: Tensor[]) =>
    run<Two>('GeluGateGrad', 2, [dy, value, gate, ...more]),
};

export interface AttentionOptions {
  heads: number;
  /** Whether a query sees only the keys up to its own position. */
  causal: boolean;
}

/**
 * Scaled dot-product attention of q [B, Tq, D], k and v [B, Tk, D]. Of the scores, keeps only each row's maximum and
 * sum.
 */
export const fusedAttention = ({ heads, causal }: AttentionOptions) => {
  const attributes = () => [intAttribute('heads', heads), boolAttribute('causal', causal)];
  return differentiable(
    (inputs, save) => {
      const [y, largest, scales] = run<Three>('Attention', 3, inputs, attributes());
      save([...inputs, largest, scales]);
      return y;
    },
    (dy, saved) => run<Three>('AttentionGrad', 3, [dy, ...saved], attributes()),
  );
};
