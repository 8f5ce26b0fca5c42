import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { select } from '../../engine/program/operations.ts';
import { float32, type Scope } from '../../engine/program/program.ts';
import { moment, type Choose, type MomentType } from './moments.ts';

export interface AdamWOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  /** Largest global norm of the gradient; larger gradients are scaled down to it. */
  gradientClip: number;
  /** Type of the stored moments; default float32. */
  moments?: MomentType | undefined;
}
export const ADAMW: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, gradientClip: 1 };

/** The entry-point input that holds {@link updateNumbers}. */
export const UPDATE_NUMBERS = float32(3);

/** Returns [learning rate, 1 - beta1^step, 1 - beta2^step] for the 1-based `step`, computed in double precision. */
export function updateNumbers(learningRate: number, step: number, { beta1, beta2 }: AdamWOptions = ADAMW): Tensor {
  return tf.tensor1d([learningRate, 1 - beta1 ** step, 1 - beta2 ** step]);
}

/** Returns the square root of the sum of all squares. */
export const globalNorm = (tensors: Tensor[]): Tensor => tf.addN(tensors.map((t) => t.square().sum())).sqrt();

/**
 * Takes one step of AdamW (Loshchilov and Hutter, "Decoupled weight decay regularization", Alg. 2) on parameters of
 * `group`, inside an entry point. The moments are in `state/adam.m…` and `state/adam.v…`. Vectors (norms, biases) do
 * not decay.
 * @param proceed boolean scalar: if false, nothing changes
 * @returns the norm of the gradient before clipping
 */
export function adamW(
  scope: Scope,
  group: string,
  gradients: Map<string, Tensor>,
  numbers: Tensor,
  options: AdamWOptions,
  proceed?: Tensor,
): Tensor {
  const { beta1, beta2, epsilon, weightDecay, gradientClip, moments = 'float32' } = options;
  const [learningRate, correction1, correction2] = tf.split(numbers, 3).map((t) => t.reshape([])) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const norm = globalNorm([...gradients.values()]);
  const scale = tf.div(gradientClip, norm.maximum(gradientClip));
  let previous = scale;
  const choose: Choose = (next, before) => (proceed ? select(proceed, next, before) : next);
  for (const [name, raw] of gradients) {
    const full = `${group}/${name}`;
    const value = scope.value(full);
    const gradient = raw.mul(scale);
    const m = moment(scope, 'adam.m', full, moments, previous);
    const v = moment(scope, 'adam.v', full, moments, previous);
    const newM = m.value.mul(beta1).add(gradient.mul(1 - beta1));
    const newV = v.value.mul(beta2).add(gradient.square().mul(1 - beta2));
    const step = newM.div(correction1).div(newV.div(correction2).sqrt().add(epsilon));
    const decayed = value.shape.length > 1 ? step.add(value.mul(weightDecay)) : step;
    m.assign(newM, choose);
    v.assign(newV, choose);
    previous = choose(value.sub(decayed.mul(learningRate)), value);
    scope.assign(full, previous);
  }
  return norm;
}
