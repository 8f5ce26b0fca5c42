/** Layers in captured programs, with their gradients. */
import { product } from '../../../common/product.ts';
import { RandomStream } from '../../../common/random.ts';
import { vectorJacobianProduct } from '../../../engine/vector-jacobian.ts';
import type { Parameters } from '../../../engine/weights/parameters.ts';
import { float32, Program, type Tensors } from '../../../engine/program/program.ts';
import { tf, type Tensor } from '../../../engine/tensorflow.ts';

export const random = (name: string, shape: number[]): Tensor =>
  tf.tensor(new RandomStream(7, name).normal(product(shape)), shape);

/** The largest difference, relative to the largest value. */
export const difference = (a: Tensor, b: Tensor): number =>
  a.sub(b).abs().max().dataSync()[0]! / b.abs().max().dataSync()[0]!;

/** Parameters with given values. */
export const fixed = (values: Record<string, Tensor>): Parameters => ({
  at: () => fixed(values),
  get: (name) => values[name]!,
});

/** A layer as a function of its inputs. */
export const withParameters =
  (layer: (p: Parameters, x: Tensor) => Tensor) =>
  (...[x, weight, bias]: Tensor[]): Tensor =>
    layer(fixed({ weight: weight!, bias: bias! }), x!);

/** Returns y, the sum of y * dy for a fixed dy, and its gradients by all inputs, from a captured program. */
export function valueAndGradients(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: Tensor[],
  { kernels = true } = {},
): Tensor[] {
  const program = new Program({ kernels });
  const specs = Object.fromEntries(inputs.map(({ shape }, i) => [`x${i}`, float32(...shape)]));
  program.entry('both', specs, (given: Tensors) => {
    const dy = (y: Tensor) =>
      tf.tensor(
        Float32Array.from({ length: y.size }, (_, i) => Math.sin(i)),
        y.shape,
      );
    const { value, gradients } = vectorJacobianProduct(
      () => {
        const y = f(...Object.values(given));
        return y.mul(dy(y)).sum();
      },
      () => Object.values(given),
    );
    return { y: f(...Object.values(given)), value, ...Object.fromEntries(gradients.map((g, i) => [`d${i}`, g])) };
  });
  program.compile();
  return Object.values(program.run('both', Object.fromEntries(inputs.map((t, i) => [`x${i}`, t]))));
}
