import { differentiable } from '../differentiable.ts';
import { asMatrix } from '../program/operations.ts';
import type { Tensor } from '../tensorflow.ts';

/** A function that is linear in x and in its weight, with the functions that compute its gradients. */
interface LinearMap {
  /** x [..., in], bias [out] -> [..., out] */
  value: (x: Tensor, weight: Tensor, bias?: Tensor) => Tensor;
  byInput: (dy: Tensor, weight: Tensor) => Tensor;
  byWeight: (x: Tensor, dy: Tensor, weight: Tensor) => Tensor;
}

/** Makes it differentiable in x, the weight and, if given, the bias. */
export const linearMap =
  ({ value, byInput, byWeight }: LinearMap) =>
  (x: Tensor, weight: Tensor, bias?: Tensor): Tensor =>
    differentiable(
      ([x, weight, bias], save) => {
        save([x!, weight!]);
        return value(x!, weight!, bias);
      },
      (dy, [x, weight]) => [byInput(dy, weight!), byWeight(x!, dy, weight!), ...(bias ? [asMatrix(dy).sum(0)] : [])],
    )(...(bias ? [x, weight, bias] : [x, weight]));
