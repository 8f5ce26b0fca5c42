/**
 * Gradient checkpointing (Chen et al., "Training deep nets with sublinear memory cost", 2016): keeps only the inputs of
 * a part of a network for the backward pass, which computes the part again.
 */
import { vectorJacobianProduct } from './vector-jacobian.ts';
import { differentiable } from './differentiable.ts';
import type { Parameters } from './weights/parameters.ts';
import { tf, type Tensor } from './tensorflow.ts';

/** Returns f(p, ...inputs), differentiable in the inputs and in the parameters that f requests from p. */
export function checkpoint(
  p: Parameters,
  inputs: readonly Tensor[],
  f: (p: Parameters, ...inputs: Tensor[]) => Tensor,
): Tensor {
  if (state().gradientDepth === 0) return f(p, ...inputs);
  const parameters = new Map<string, Tensor>();
  const value = withTape({ kernelDepth: state().kernelDepth + 1 }, () => f(noting(p, parameters), ...inputs));
  return differentiable(
    (all, save) => {
      save(all);
      return value.clone();
    },
    (dy, saved) => {
      const again = new Map([...parameters.keys()].map((name, i) => [name, saved[inputs.length + i]!]));
      const backward = () =>
        vectorJacobianProduct(
          () => f(known(again), ...saved.slice(0, inputs.length)),
          () => saved,
          dy,
        );
      // tfjs has one tape at a time: the outer one is put aside.
      return withTape({ activeTape: null, gradientDepth: 0, kernelDepth: 0 }, backward).gradients;
    },
  )(...inputs, ...parameters.values());
}

interface TapeState {
  activeTape: unknown;
  gradientDepth: number;
  kernelDepth: number;
}
const state = () => (tf.engine() as unknown as { state: TapeState }).state;

function withTape<T>(change: Partial<TapeState>, f: () => T): T {
  const { activeTape, gradientDepth, kernelDepth } = state();
  Object.assign(state(), change);
  try {
    return f();
  } finally {
    Object.assign(state(), { activeTape, gradientDepth, kernelDepth });
  }
}

/** The parameters of a scope; records each requested one under its path. */
function noting(p: Parameters, used: Map<string, Tensor>, path = ''): Parameters {
  return {
    at: (name) => noting(p.at(name), used, `${path}${name}.`),
    get: (name, shape, layout) => {
      const tensor = p.get(name, shape, layout);
      used.set(path + name, tensor);
      return tensor;
    },
  };
}

/** Returns parameters by their path. */
function known(tensors: ReadonlyMap<string, Tensor>, path = ''): Parameters {
  return { at: (name) => known(tensors, `${path}${name}.`), get: (name) => tensors.get(path + name)! };
}
