import { differentiable } from '../differentiable.ts';
import { asMatrix } from '../program/operations.ts';
import type { Parameters } from '../weights/parameters.ts';
import { tf, type Tensor } from '../tensorflow.ts';
import { affine } from './matrix-product.ts';

/** y = x W + b. x [..., in] -> [..., out]; `weight` [in, out] in the engine, `bias` [out]. */
export function linear(p: Parameters, x: Tensor, out: number, { bias = true } = {}): Tensor {
  const width = x.shape.at(-1)!;
  const weight = p.get('weight', [width, out], 'linear');
  return affine(asMatrix(x), weight, bias ? p.get('bias', [out]) : undefined).reshape([...x.shape.slice(0, -1), out]);
}

/** Looks up rows of an embedding table. ids int32 [...] -> [..., width]; `weight` [size, width]. */
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
