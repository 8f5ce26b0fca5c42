import { differentiable } from '../differentiable.ts';
import { fusedGeluGate, fusedSigmoidGate, hasKernels } from '../kernels/load-kernels.ts';
import { asMatrix, matMul2d, siluGradient } from '../program/operations.ts';
import type { Parameters } from '../weights/parameters.ts';
import { tf, type Tensor } from '../tensorflow.ts';
import { product } from './matrix-product.ts';

/** x * sigmoid(slope * x); the backward pass recomputes the sigmoid. */
function gateBySigmoid(x: Tensor, slope: number): Tensor {
  if (hasKernels()) return fusedSigmoidGate(slope)(x);
  const scaled = (x: Tensor) => (slope === 1 ? x : x.mul(slope));
  return differentiable(
    ([x], save) => {
      save([x!]);
      return x!.mul(scaled(x!).sigmoid());
    },
    (dy, [x]) => [siluGradient(dy, scaled(x!))],
  )(x);
}

/** x * sigmoid(x). */
export const silu = (x: Tensor): Tensor => gateBySigmoid(x, 1);
/** x * sigmoid(1.702 x): OpenAI CLIP's approximation of gelu. */
export const quickGelu = (x: Tensor): Tensor => gateBySigmoid(x, 1.702);

/** x * Phi(x), exact (by erf). */
export const gelu: (x: Tensor) => Tensor = differentiable(
  ([x], save) => {
    save([x!]);
    return geluOf(x!);
  },
  (dy, [x]) => [geluGradient(dy, x!)],
);

/** 2 Phi(x) */
const twiceNormal = (x: Tensor): Tensor => x.mul(Math.SQRT1_2).erf().add(1);
const geluOf = (x: Tensor, twice = twiceNormal(x)): Tensor => x.mul(twice).mul(0.5);
function geluGradient(dy: Tensor, x: Tensor, twice = twiceNormal(x)): Tensor {
  const density = x
    .square()
    .mul(-0.5)
    .exp()
    .mul(1 / Math.sqrt(2 * Math.PI));
  return dy.mul(twice.mul(0.5).add(x.mul(density)));
}

/**
 * GEGLU (Shazeer, "GLU variants improve transformer", 2020): (x V + c) gelu(x W + b). x [..., in] -> [..., out];
 * `weight` [2 out, in], V's rows before W's, and `bias` [2 out]. The weight keeps the file's layout, in which its
 * halves are contiguous and can be cut for free.
 */
export function geglu(p: Parameters, x: Tensor, out: number): Tensor {
  const weight = p.get('weight', [2 * out, x.shape.at(-1)!]);
  const gate = hasKernels() ? fusedGeluGate : geluGate;
  const y = gatedProducts(gate)(asMatrix(x), weight, p.get('bias', [2 * out]));
  return y.reshape([...x.shape.slice(0, -1), out]);
}

const geluGate: typeof fusedGeluGate = {
  forward(value, gate) {
    const twice = twiceNormal(gate);
    return [value.mul(geluOf(gate, twice)), twice];
  },
  backward: (dy, value, gate, twice) => [dy.mul(geluOf(gate, twice)), geluGradient(dy.mul(value), gate, twice)],
};

const gatedProducts = ({ forward, backward }: typeof fusedGeluGate) =>
  differentiable(
    ([x, weight, bias], save) => {
      const [valueWeight, gateWeight] = halvesOf(weight!);
      const [valueBias, gateBias] = halvesOf(bias!);
      const value = product(x!, valueWeight, { transposed: true, bias: valueBias });
      const gate = product(x!, gateWeight, { transposed: true, bias: gateBias });
      const [y, ...more] = forward(value, gate);
      save([x!, weight!, value, gate, ...more]);
      return y;
    },
    (dy, [x, weight, value, gate, ...more]) => {
      const [valueWeight, gateWeight] = halvesOf(weight!);
      const [dValue, dGate] = backward(dy, value!, gate!, ...more);
      return [
        product(dValue, valueWeight).add(product(dGate, gateWeight)),
        tf.concat([matMul2d(dValue, x!, true, false), matMul2d(dGate, x!, true, false)], 0),
        tf.concat([dValue.sum(0), dGate.sum(0)], 0),
      ];
    },
  );

const halvesOf = (x: Tensor) => tf.split(x, 2) as [Tensor, Tensor];
