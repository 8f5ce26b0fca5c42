import { fusedProduct, hasKernels, type ProductOptions } from '../kernels/load-kernels.ts';
import { biasAdd, matMul2d } from '../program/operations.ts';
import type { Tensor } from '../tensorflow.ts';
import { linearMap } from './linear-map.ts';

/**
 * Multiplies x [rows, in] by w [in, out], or [out, in] if `transposed`, and adds a bias [out] if given; without a
 * gradient.
 */
export function product(x: Tensor, w: Tensor, options: ProductOptions = {}): Tensor {
  if (hasKernels()) return fusedProduct(x, w, options);
  const y = matMul2d(x, w, false, options.transposed);
  return options.bias ? biasAdd(y, options.bias) : y;
}

/** Returns x W + b, for x [rows, in], W [in, out] and, if given, b [out]. */
export const affine = linearMap({
  value: (x, weight, bias) => product(x, weight, { bias }),
  byInput: (dy, weight) => product(dy, weight, { transposed: true }),
  byWeight: (x, dy) => matMul2d(x, dy, true, false),
});
