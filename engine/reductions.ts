/**
 * Sums over the pixels of large pictures as products of matrices: TensorFlow's own reduction of the middle axes reads
 * memory at a sixth of the speed. Sums each row of pixels first, then the rows, which is also more accurate.
 */
import { product } from '../common/product.ts';
import { constantNode, tensorValue, typeValue, type NodeDefinition } from './program/graph-definition.ts';
import type { NodeOutput } from './program/shape-inference.ts';

/** Elements of a picture from which on this pays off. */
const LARGE = 2 ** 20;

/** Replaces sums and means over the pixels of large pictures. @param tensors shape and type of each reference */
export function sumByProduct(
  nodes: readonly NodeDefinition[],
  tensors: ReadonlyMap<string, NodeOutput>,
): NodeDefinition[] {
  const constants = new Map(nodes.flatMap((node) => (node.op === 'Const' ? [[node.name, node]] : [])));
  return nodes.flatMap((node) => {
    const x = tensors.get(node.input[0] ?? '');
    const axes = constants.get(node.input[1] ?? '');
    const isSum = (node.op === 'Sum' || node.op === 'Mean') && axes !== undefined && isOverPixels(axes);
    const keepsRank = tensors.get(node.name)?.shape.length === 4;
    if (!isSum || keepsRank || x?.dtype !== 'float32' || x.shape.length !== 4) return [node];
    return product(x.shape.slice(1)) < LARGE ? [node] : replaced(node, x.shape);
  });
}

function isOverPixels({ attr }: NodeDefinition): boolean {
  const value = attr['value'];
  if (!value || !('tensor' in value)) return false;
  const { tensor_content: bytes } = value.tensor;
  const axes = new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return String(axes) === '1,2';
}

function replaced({ name, op, input }: NodeDefinition, shape: readonly number[]): NodeDefinition[] {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const part = (suffix: string) => `${name}/${suffix}`;
  const [float, int] = [typeValue('float32'), typeValue('int32')];
  const ones = new Float32Array(width).fill(op === 'Mean' ? 1 / (height * width) : 1);
  const reshape = (suffix: string, of: string): NodeDefinition => ({
    name: part(suffix),
    op: 'Reshape',
    input: [of, part(`${suffix}.shape`)],
    attr: { T: float, Tshape: int },
  });
  return [
    constantNode(part('rows.shape'), [batch * height, width, channels]),
    reshape('rows', input[0]!),
    {
      name: part('ones'),
      op: 'Const',
      input: [],
      attr: { dtype: float, value: tensorValue('float32', [1, 1, width], ones) },
    },
    {
      name: part('sums'),
      op: 'BatchMatMulV2',
      input: [part('ones'), part('rows')],
      attr: { T: float, adj_x: { b: false }, adj_y: { b: false } },
    },
    constantNode(part('columns.shape'), [batch, height, channels]),
    reshape('columns', part('sums')),
    constantNode(part('axis'), [1]),
    { name, op: 'Sum', input: [part('columns'), part('axis')], attr: { T: float, Tidx: int, keep_dims: { b: false } } },
  ];
}
