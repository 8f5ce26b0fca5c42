import { after } from './program/operations.ts';
import { tf, type Tensor } from './tensorflow.ts';

type Save = (tensors: Tensor[]) => void;

/** tf.customGrad with inputs and gradients as plain lists. */
export function differentiable(
  forward: (inputs: Tensor[], save: Save) => Tensor,
  backward: (dy: Tensor, saved: Tensor[]) => Tensor[],
): (...inputs: Tensor[]) => Tensor {
  return tf.customGrad((...args: unknown[]) => {
    const save = args.pop() as Save;
    return {
      value: tf.tidy(() => forward(args as Tensor[], save)),
      // Only saved tensors are held between the two: what the backward function derives from them waits for dy.
      gradFunc: (dy: Tensor, saved: Tensor[]) =>
        tf.tidy(() =>
          backward(
            dy,
            saved.map((t) => after(t, dy)),
          ),
        ),
    };
  }) as unknown as (...inputs: Tensor[]) => Tensor;
}
