import type { Tensor } from './tensorflow.ts';

/**
 * How a parameter lies in a file (torch) and in the engine (TensorFlow):
 *   same     as it is
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

/** The file's shape of a parameter with this engine shape. */
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

/** Values in the file's order rearranged to the engine's. @param shape the engine's shape */
export function toEngine(data: Float32Array, shape: readonly number[], layout: Layout): Float32Array {
  return layout === 'same' ? data : rearrange(data, shape, layout, true);
}

/** The inverse of {@link toEngine}. */
export function toFile(data: Float32Array, shape: readonly number[], layout: Layout): Float32Array {
  return layout === 'same' ? data : rearrange(data, shape, layout, false);
}

/** Both layouts reverse the axes (taps, in, out) into (out, in, taps); a linear layer has one tap. */
function rearrange(data: Float32Array, shape: readonly number[], layout: Layout, toEngineOrder: boolean): Float32Array {
  const taps = layout === 'conv2d' ? shape[0]! * shape[1]! : 1;
  const [inputs, outputs] = shape.slice(-2) as [number, number];
  const result = new Float32Array(data.length);
  for (let t = 0; t < taps; t++)
    for (let i = 0; i < inputs; i++)
      for (let o = 0; o < outputs; o++) {
        const engine = (t * inputs + i) * outputs + o;
        const file = (o * inputs + i) * taps + t;
        if (toEngineOrder) result[engine] = data[file]!;
        else result[file] = data[engine]!;
      }
  return result;
}
