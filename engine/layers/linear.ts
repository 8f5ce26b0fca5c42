import { differentiable } from '../differentiable.ts';
import { asMatrix, biasAdd, matMul2d } from '../operations.ts';
import type { Parameters } from '../parameters.ts';
import { tf, type Tensor } from '../tensorflow.ts';

const matrixProduct = differentiable(
  ([x, w], save) => {
    save([x!, w!]);
    return matMul2d(x!, w!);
  },
  (dy, [x, w]) => [matMul2d(dy, w!, false, true), matMul2d(x!, dy, true, false)],
);

/** x [..., C] + bias [C] */
export const addBias = differentiable(
  ([x, bias]) => biasAdd(x!, bias!),
  (dy) => [dy, asMatrix(dy).sum(0)],
);

/** y = x W + b. x [..., in] -> [..., out]; `weight` [in, out] in the engine, `bias` [out]. */
export function linear(p: Parameters, x: Tensor, out: number, { bias = true } = {}): Tensor {
  const width = x.shape.at(-1)!;
  const weight = p.get('weight', [width, out], 'linear');
  const y = matrixProduct(asMatrix(x), weight);
  return (bias ? addBias(y, p.get('bias', [out])) : y).reshape([...x.shape.slice(0, -1), out]);
}

/** Rows of an embedding table. ids int32 [...] -> [..., width]; `weight` [size, width]. */
export function embedding(p: Parameters, ids: Tensor, size: number, width: number): Tensor {
  const lookUp = differentiable(
    ([table], save) => {
      save([ids]);
      return tf.gather(table!, ids.reshape([-1]) as never);
    },
    (dy, [ids]) => [tf.unsortedSegmentSum(dy, ids!.reshape([-1]) as never, size)],
  );
  return lookUp(p.get('weight', [size, width])).reshape([...ids.shape, width]);
}
