import { differentiable } from '../differentiable.ts';
import { fusedProduct, hasKernels, type ProductOptions } from '../kernels.ts';
import { biasAdd, matMul2d } from '../operations.ts';
import type { Tensor } from '../tensorflow.ts';

/** x [rows, in] times w [in, out], or [out, in] if `transposed`, plus a bias [out] if there is one; without a gradient. */
export function product(x: Tensor, w: Tensor, options: ProductOptions = {}): Tensor {
  if (hasKernels()) return fusedProduct(x, w, options);
  const y = matMul2d(x, w, false, options.transposed);
  return options.bias ? biasAdd(y, options.bias) : y;
}

/** x W + b, of x [rows, in], W [in, out] and, if there is one, b [out]. */
export function affine(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const map = differentiable(
    ([x, weight, bias], save) => {
      save([x!, weight!]);
      return product(x!, weight!, { bias });
    },
    (dy, [x, weight]) => [
      product(dy, weight!, { transposed: true }),
      matMul2d(x!, dy, true, false),
      ...(bias ? [dy.sum(0)] : []),
    ],
  );
  return bias ? map(x, weight, bias) : map(x, weight);
}
