import type { DataType } from '../program/graph-definition.ts';
import type { ElementType, Initializer, OnnxAttribute, OnnxNode } from './onnx-format.ts';
import { isSame, isOpen, type Dimension } from './traced.ts';

/**
 * A tensor of the graph. TensorFlow's pictures are [B, H, W, C], ONNX's [B, C, H, W], so a tensor may be stored with
 * its axes in another order than its operations use: stored axis i is axis `order[i]`. Transposing it is then free, and
 * operations that ignore the order of axes keep it.
 */
export interface Value {
  name: string;
  /** In the order that operations use. */
  shape: Dimension[];
  dtype: DataType;
  order: readonly number[];
}

export const inOrder = (rank: number): number[] => Array.from({ length: rank }, (_, axis) => axis);
const equal = (a: readonly Dimension[], b: readonly Dimension[]) =>
  a.length === b.length && a.every((x, i) => isSame(x, b[i]!));

/** Collects the nodes and constants of an ONNX graph. */
export class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: Initializer[] = [];
  readonly #constants = new Map<string, string>();
  readonly #stored = new Map<string, string>();
  readonly #producers = new Map<string, OnnxNode>();

  /** Adds a node. @returns the names of its outputs */
  add(op: string, inputs: string[], attributes: Record<string, OnnxAttribute> = {}, outputs = 1): string[] {
    const name = `${op}_${this.nodes.length}`;
    const names = outputs === 1 ? [name] : Array.from({ length: outputs }, (_, i) => `${name}_${i}`);
    const node = { op, inputs, outputs: names, attributes };
    this.nodes.push(node);
    for (const output of names) this.#producers.set(output, node);
    return names;
  }

  /** The node that makes this tensor; undefined for inputs and constants. */
  producer(name: string): OnnxNode | undefined {
    return this.#producers.get(name);
  }

  /** The name of a constant; equal ones are stored once. */
  constant(dtype: ElementType, shape: readonly number[], values: readonly number[]): string {
    const bytes = elementBytes(dtype, values);
    const key = `${dtype}[${shape}] ${Buffer.from(bytes).toString('base64')}`;
    let name = this.#constants.get(key);
    if (name === undefined) {
      name = `constant_${this.#constants.size}`;
      this.#constants.set(key, name);
      this.initializers.push({ name, dtype, shape, bytes });
    }
    return name;
  }

  /** A list of whole numbers, which ONNX takes as int64. */
  integers(values: readonly number[]): string {
    return this.constant('int64', [values.length], values);
  }

  /** A shape with at most one open size, which is inferred from the number of elements. */
  shape(sizes: readonly Dimension[]): string {
    if (sizes.filter(isOpen).length > 1) throw new Error('more than one size of the new shape is open');
    return this.integers(sizes.map((size) => (isOpen(size) ? -1 : size)));
  }

  /** The tensor with its axes in operation order. */
  plain(value: Value): string {
    return this.stored(value, inOrder(value.shape.length));
  }

  /**
   * Returns the tensor with its axes stored in this order. If the order has more axes than the tensor, it is to be
   * broadcast: axes of size 1 are prepended, unless broadcasting adds them anyway.
   */
  stored({ name, shape, order }: Value, wanted: readonly number[]): string {
    const added = wanted.length - shape.length;
    const sizes: Dimension[] = [...inOrder(added).map(() => 1), ...shape];
    const current = [...inOrder(added), ...order.map((axis) => axis + added)];
    const large = (axes: readonly number[]) => axes.filter((axis) => sizes[axis] !== 1);
    if (equal(current, wanted) || large(wanted).length === 0) return name;
    const key = `${name} ${wanted}`;
    let found = this.#stored.get(key);
    if (found === undefined) {
      const isReshape = equal(large(current), large(wanted));
      if (!isReshape && added > 0) throw new Error('a tensor that is broadcast has its axes in another order');
      found = isReshape
        ? this.add('Reshape', [name, this.shape(wanted.map((axis) => sizes[axis]!))])[0]!
        : this.add('Transpose', [name], { perm: { ints: wanted.map((axis) => order.indexOf(axis)) } })[0]!;
      this.#stored.set(key, found);
    }
    return found;
  }
}

function elementBytes(dtype: ElementType, values: readonly number[]): Uint8Array {
  switch (dtype) {
    case 'float32':
      return new Uint8Array(Float32Array.from(values).buffer);
    case 'int32':
      return new Uint8Array(Int32Array.from(values).buffer);
    case 'int64':
      return new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    case 'bool':
      return Uint8Array.from(values);
    case 'float16':
      throw new Error('constants other than weights are not float16');
  }
}
