import { fusedProduct, hasKernels, type ProductOptions } from '../kernels/load-kernels.ts';
import { biasAdd, matMul2d } from '../program/operations.ts';
import type { Tensor } from '../tensorflow.ts';
import { linearMap } from './linear-map.ts';

/** x [rows, in] times w [in, out], or [out, in] if `transposed`, plus a bias [out] if there is one; without a gradient. */
export function product(x: Tensor, w: Tensor, options: ProductOptions = {}): Tensor {
  if (hasKernels()) return fusedProduct(x, w, options);
  const y = matMul2d(x, w, false, options.transposed);
  return options.bias ? biasAdd(y, options.bias) : y;
}

/** x W + b, of x [rows, in], W [in, out] and, if there is one, b [out]. */
export const affine = linearMap({
  value: (x, weight, bias) => product(x, weight, { bias }),
  byInput: (dy, weight) => product(dy, weight, { transposed: true }),
  byWeight: (x, dy) => matMul2d(x, dy, true, false),
});
