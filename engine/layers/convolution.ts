import type { Parameters } from '../parameters.ts';
import { tf, type Tensor } from '../tensorflow.ts';
import { addBias } from './linear.ts';

export interface ConvolutionOptions {
  kernel?: number;
  stride?: number;
  /** Zeros around the picture: a number for every side, or [before, after] for both axes. Default: kernel / 2, rounded down. */
  padding?: number | [before: number, after: number];
  bias?: boolean;
}

/** Cross-correlation as torch's Conv2d. x [B, H, W, in] -> [B, H', W', out]. */
export function conv2d(p: Parameters, x: Tensor, out: number, options: ConvolutionOptions = {}): Tensor {
  const { kernel = 3, stride = 1, bias = true } = options;
  const padding = options.padding ?? Math.floor(kernel / 2);
  const [before, after] = typeof padding === 'number' ? [padding, padding] : padding;
  const weight = p.get('weight', [kernel, kernel, x.shape[3]!, out], 'conv2d') as never;
  // TensorFlow's 'same' is torch's padding only where both sides get the same number of zeros.
  const same = stride === 1 && before === after && before * 2 === kernel - 1;
  const padded =
    same || before + after === 0
      ? x
      : tf.pad(x, [
          [0, 0],
          [before, after],
          [before, after],
          [0, 0],
        ]);
  const y = tf.conv2d(padded as never, weight, stride, same ? 'same' : 'valid') as Tensor;
  return bias ? addBias(y, p.get('bias', [out])) : y;
}
