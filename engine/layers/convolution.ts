import { differentiable } from '../differentiable.ts';
import { fusedConvolution, hasKernels } from '../kernels/load-kernels.ts';
import { asMatrix, biasAdd } from '../program/operations.ts';
import type { Parameters } from '../weights/parameters.ts';
import { tf, type Tensor } from '../tensorflow.ts';
import { linearMap } from './linear-map.ts';
import { affine } from './matrix-product.ts';

export interface ConvolutionOptions {
  kernel?: number;
  stride?: number;
  /**
   * Zeros around the picture: one number for every side, or [before, after] for both axes. Default: kernel / 2, rounded
   * down.
   */
  padding?: number | [before: number, after: number];
  bias?: boolean;
}

/** Cross-correlation as in torch's Conv2d. x [B, H, W, in] -> [B, H', W', out]. */
export function conv2d(p: Parameters, x: Tensor, out: number, options: ConvolutionOptions = {}): Tensor {
  const { kernel = 3, stride = 1, bias = true } = options;
  const padding = options.padding ?? Math.floor(kernel / 2);
  const [before, after] = typeof padding === 'number' ? [padding, padding] : padding;
  const width = x.shape[3]!;
  const weight = p.get('weight', [kernel, kernel, width, out], 'conv2d');
  const b = bias ? p.get('bias', [out]) : undefined;
  // TensorFlow's 'same' equals torch's padding only if both sides get the same number of zeros.
  const same = stride === 1 && before === after && before * 2 === kernel - 1;
  if (same && hasKernels()) {
    if (kernel === 1)
      return affine(asMatrix(x), weight.reshape([width, out]), b).reshape([...x.shape.slice(0, 3), out]);
    if (kernel === 3) return convolution3x3(x, weight, b);
  }
  const padded =
    same || before + after === 0
      ? x
      : tf.pad(x, [
          [0, 0],
          [before, after],
          [before, after],
          [0, 0],
        ]);
  const y = tf.conv2d(padded as never, weight as never, stride, same ? 'same' : 'valid') as Tensor;
  return b ? addBias(y, b) : y;
}

/** Returns x [..., C] + bias [C]. */
const addBias = differentiable(
  ([x, bias]) => biasAdd(x!, bias!),
  (dy) => [dy, asMatrix(dy).sum(0)],
);

const convolution3x3 = linearMap({
  value: (x, weight, bias) => fusedConvolution(x, weight, { bias }),
  byInput: (dy, weight) => fusedConvolution(dy, weight, { turned: true }),
  byWeight: (x, dy, weight) =>
    tf.engine().runKernel('Conv2DBackpropFilter', { x, dy }, {
      strides: [1, 1],
      pad: 'same',
      dataFormat: 'NHWC',
      dimRoundingMode: undefined,
      filterShape: weight.shape,
    } as never) as Tensor,
});
