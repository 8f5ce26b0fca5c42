import { RunError } from '../../common/errors.ts';
import { encodeFloat16 } from '../weights/float16.ts';
import { fileShape, type Layout } from '../weights/parameters.ts';
import { requireTensor } from '../weights/required-tensor.ts';
import type { Weights } from '../weights/weights.ts';
import { inOrder, type GraphBuilder, type Value } from './builder.ts';
import { ELEMENT_TYPES } from './onnx-format.ts';
import type { TracedParameter } from './traced.ts';

/** Order of the engine's axes in the file's layout. */
const layoutOrder = (layout: Layout, rank: number): number[] =>
  layout === 'linear' ? [1, 0] : layout === 'conv2d' ? [3, 2, 0, 1] : inOrder(rank);

/**
 * Makes a parameter's weight a constant of the graph, named and laid out as in the file.
 * @throws InputError if it is missing or does not fit
 */
export function addParameter(
  graph: GraphBuilder,
  { name, shape, layout }: TracedParameter,
  weights: Weights,
  source: string,
  dtype: 'float32' | 'float16',
): Value {
  const expected = fileShape(shape, layout);
  const stored = requireTensor(weights, name, expected, source);
  const value = { name, shape, dtype: 'float32' as const, order: layoutOrder(layout, shape.length) };
  graph.initializers.push({
    name,
    dtype,
    shape: expected,
    get bytes() {
      const { buffer, byteOffset, byteLength } = dtype === 'float32' ? stored.data : halves(name, stored.data);
      return new Uint8Array(buffer, byteOffset, byteLength);
    },
  });
  return dtype === 'float32'
    ? value
    : { ...value, name: graph.add('Cast', [name], { to: { i: ELEMENT_TYPES.float32 } })[0]! };
}

function halves(name: string, data: Float32Array): Uint16Array {
  const bits = encodeFloat16(data);
  const overflow = bits.findIndex((value, i) => (value & 0x7fff) === 0x7c00 && Number.isFinite(data[i]));
  if (overflow >= 0)
    throw new RunError(
      `Tensor ${name} has the value ${data[overflow]}, which does not fit into float16 (at most 65504); export it as float32.`,
    );
  return bits;
}
