import { tf, type Tensor } from '../tensorflow.ts';

/**
 * Layout of a parameter in a file (torch) and in the engine (TensorFlow):
 *   same     the same axes
 *   linear   file [out, in]          engine [in, out]
 *   conv2d   file [out, in, kh, kw]  engine [kh, kw, in, out]
 */
export type Layout = 'same' | 'linear' | 'conv2d';

/**
 * The parameters of a network, seen from one of its modules. A network is a plain function of a scope, its
 * configuration and its inputs; names are those of diffusers/transformers, so `p.at('mlp').at('fc1').get('weight', …)`
 * under a root of 'text_model.encoder.layers.0' reads `text_model.encoder.layers.0.mlp.fc1.weight`.
 */
export interface Parameters {
  /** The scope one level (or, with dots, several levels) below. */
  at(name: string | number): Parameters;
  /**
   * The parameter `name` of this scope.
   * @param shape its shape in the engine's layout; a stored tensor of another shape is an InputError that names both.
   */
  get(name: string, shape: readonly number[], layout?: Layout): Tensor;
}

/** Returns a parameter's shape in the file, given its shape in the engine. */
export function fileShape(shape: readonly number[], layout: Layout): number[] {
  switch (layout) {
    case 'same':
      return [...shape];
    case 'linear':
      return [shape[1]!, shape[0]!];
    case 'conv2d':
      return [shape[3]!, shape[2]!, shape[0]!, shape[1]!];
  }
}

/** The engine's axes in the order of the file's, and the inverse. */
const ORDERS = {
  linear: { toEngine: [1, 0], toFile: [1, 0] },
  conv2d: { toEngine: [2, 3, 1, 0], toFile: [3, 2, 0, 1] },
};

/** Converts a parameter's values from the file's order. @param shape the engine's shape */
export function toEngine(data: Float32Array, shape: readonly number[], layout: Layout): Tensor {
  if (layout === 'same') return tf.tensor(data, [...shape]);
  return tf.tidy(() => tf.tensor(data, fileShape(shape, layout)).transpose(ORDERS[layout].toEngine));
}

/** The inverse of {@link toEngine}. */
export function toFile(parameter: Tensor, layout: Layout): Float32Array {
  if (layout === 'same') return parameter.dataSync() as Float32Array;
  const stored = tf.tidy(() => parameter.transpose(ORDERS[layout].toFile));
  const data = stored.dataSync() as Float32Array;
  stored.dispose();
  return data;
}
