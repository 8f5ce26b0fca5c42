import { tf, type Tensor } from './tensorflow.ts';

/**
 * Returns y = f() and the vector-Jacobian products of y with `dy` (ones by default).
 * @param of the tensors to differentiate by; called after f has run, so that it can name parameters that f met.
 * @returns gradients in the order of `of()`; zeros for a tensor that y does not depend on.
 */
export function vectorJacobianProduct(
  f: () => Tensor,
  of: () => Tensor[],
  dy?: Tensor,
): { value: Tensor; gradients: Tensor[] } {
  // tfjs reads the list after the forward pass, but requires it not to be empty before.
  const list: Tensor[] = [tf.scalar(0)];
  const { value, grads } = tf.engine().gradients(
    () => {
      const y = f();
      list.push(...of());
      return y;
    },
    list,
    dy as never,
    true,
  );
  return { value, gradients: list.slice(1).map((x, i) => grads[i + 1] ?? tf.zerosLike(x)) };
}
