/**
 * oneDNN takes the filter of a forward convolution as it lies in memory. Where its rows are multiples of 1 KiB apart, they
 * fall on the same cache lines, and the convolution runs at half its speed. The gradient by the input has its filter
 * rearranged first, and is a convolution too: with the filter turned round it is the one that was wanted.
 */
import { constantNode, typeValue, type NodeDefinition } from './graph-definition.ts';
import type { NodeOutput } from './shape-inference.ts';

/** Output channels whose filter rows collide. */
const COLLIDING = 256;
/** Pixels of all samples from which on turning the filter costs little in comparison. */
const MANY_PIXELS = 8192;

/** The nodes with large convolutions of that kind replaced. @param tensors what is known of each reference */
export function turnConvolutions(
  nodes: readonly NodeDefinition[],
  tensors: ReadonlyMap<string, NodeOutput>,
): NodeDefinition[] {
  return nodes.flatMap((node) => (isSlow(node, tensors) ? turned(node, tensors) : [node]));
}

function isSlow({ op, name, input, attr }: NodeDefinition, tensors: ReadonlyMap<string, NodeOutput>): boolean {
  if (op !== 'Conv2D') return false;
  const [x, filter, y] = [tensors.get(input[0]!), tensors.get(input[1]!), tensors.get(name)];
  if (x?.dtype !== 'float32' || !filter || !y || String(x.shape.slice(0, 3)) !== String(y.shape.slice(0, 3)))
    return false;
  const [batch, height, width, channels] = y.shape as [number, number, number, number];
  const padding = attr['padding'] as { s: Uint8Array };
  const isOdd = filter.shape[0]! % 2 === 1 && filter.shape[0]! > 1;
  const isSame = Buffer.from(padding.s).toString() === 'SAME' && isOdd;
  return isSame && channels % COLLIDING === 0 && batch * height * width >= MANY_PIXELS;
}

function turned({ name, input, attr }: NodeDefinition, tensors: ReadonlyMap<string, NodeOutput>): NodeDefinition[] {
  const [x, filter] = input as [string, string];
  const part = (suffix: string) => `${name}/${suffix}`;
  const float = typeValue('float32');
  const int = typeValue('int32');
  return [
    constantNode(part('order'), [0, 1, 3, 2]),
    constantNode(part('axes'), [0, 1]),
    constantNode(part('sizes'), tensors.get(name)!.shape),
    { name: part('swapped'), op: 'Transpose', input: [filter, part('order')], attr: { T: float, Tperm: int } },
    { name: part('turned'), op: 'ReverseV2', input: [part('swapped'), part('axes')], attr: { T: float, Tidx: int } },
    { name, op: 'Conv2DBackpropInput', input: [part('sizes'), part('turned'), x], attr },
  ];
}
