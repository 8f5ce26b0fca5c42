/**
 * The variables of a program, and what an entry point reads, writes and returns while it is recorded.
 */
import { product } from '../../common/product.ts';
import { constantNode, shapeValue, stringValue, typeValue, type DataType } from './graph-definition.ts';
import type { HalfType } from '../mixed-precision.ts';
import type { Layout, Parameters } from '../weights/parameters.ts';
import type { Recorder } from './recorder.ts';
import { tf, type Tensor } from '../tensorflow.ts';

/** Shape and type of an input of an entry point. */
export interface TensorSpec {
  shape: readonly number[];
  dtype: 'float32' | 'int32';
}
export const float32 = (...shape: number[]): TensorSpec => ({ shape, dtype: 'float32' });
export const int32 = (...shape: number[]): TensorSpec => ({ shape, dtype: 'int32' });

export interface Variable {
  shape: readonly number[];
  layout: Layout;
  /** float32 by default; 16-bit types are also set and read as float32. Bytes are int32 in entry points. */
  dtype?: 'uint8' | HalfType;
}

/** An entry point's view of its program while it is recorded. */
export interface Scope {
  /** The parameters of the network `group`, created on first use and shared by all entry points. */
  parameters(group: string): Parameters;
  /** The tensors of `group` that this entry point has used so far, by name. */
  used(group: string): Map<string, Tensor>;
  /** The value of a parameter that another entry point has already named (`group/name`). */
  value(name: string): Tensor;
  /**
   * A variable `state/kind/parameter` of the parameter's shape (`parameter` is its full name, `group/name`), zeros
   * until set: an optimizer's moment, a moving average.
   * @param own another shape to use instead
   */
  state(kind: string, parameter: string, own?: readonly number[]): Tensor;
  /**
   * The same for bytes, a multiple of 4 of them, read and assigned as int32.
   * @param after delays reading them until this is computed, so that they do not occupy memory as int32 for long
   */
  bytes(kind: string, parameter: string, shape: readonly number[], after: Tensor): Tensor;
  /** Writes a parameter (`group/name`) or a variable (`state/kind/group/name`) when the entry point runs. */
  assign(name: string, value: Tensor): void;
}

const STATE = 'state';
export const isState = (name: string) => name.startsWith(`${STATE}/`);

export function placeholder(recorder: Recorder, name: string, { shape, dtype }: TensorSpec): Tensor {
  const attr = { dtype: typeValue(dtype), shape: { shape: shapeValue(shape) } };
  return recorder.addNode('Placeholder', [], attr, [{ shape: [...shape], dtype }], name)[0]!;
}

export const handle = (name: string) => `variable/${name}`;

/**
 * Defines the nodes of a variable: its handle, its value, and a way to set it from outside; bytes pass four in an
 * int32.
 */
export function defineVariable(recorder: Recorder, name: string, { shape, dtype: stored }: Variable): void {
  const own = handle(name);
  const dtype = typeValue(stored ?? 'float32');
  const attr = {
    dtype,
    shape: { shape: shapeValue(shape) },
    shared_name: stringValue(name),
    container: stringValue(''),
  };
  recorder.addNode('VarHandleOp', [], attr, [], own);
  const value = stored === 'uint8' ? passBytes(recorder, own, shape) : passFloats(recorder, own, shape, stored);
  recorder.addNode('AssignVariableOp', [own, value], { dtype }, [], `${own}/assign`);
  const zero = recorder.reference(tf.scalar(0));
  recorder.addNode('Identity', [zero, `^${own}/assign`], { T: typeValue('float32') }, [], `${own}/set`);
}

/** Reads and feeds a variable of numbers, in float32. @returns the value to assign */
function passFloats(recorder: Recorder, own: string, shape: readonly number[], stored: HalfType | undefined): string {
  const [dtype, float] = [typeValue(stored ?? 'float32'), typeValue('float32')];
  recorder.addNode('ReadVariableOp', [own], { dtype }, [], stored ? `${own}/stored` : `${own}/value`);
  placeholder(recorder, `${own}/new`, { shape, dtype: 'float32' });
  if (!stored) return `${own}/new`;
  recorder.addNode('Cast', [`${own}/stored`], { SrcT: dtype, DstT: float }, [], `${own}/value`);
  recorder.addNode('Cast', [`${own}/new`], { SrcT: float, DstT: dtype }, [], `${own}/new/stored`);
  return `${own}/new/stored`;
}

/** Does the same for bytes: [bytes / 4] int32. */
function passBytes(recorder: Recorder, own: string, shape: readonly number[]): string {
  const [bytes, int] = [typeValue('uint8'), typeValue('int32')];
  const size = product(shape);
  const reshape = (from: string, to: string, sizes: readonly number[]) => {
    recorder.nodes.push(constantNode(`${to}/shape`, [...sizes]));
    recorder.addNode('Reshape', [from, `${to}/shape`], { T: bytes, Tshape: int }, [], to);
  };
  recorder.addNode('ReadVariableOp', [own], { dtype: bytes }, [], `${own}/bytes`);
  reshape(`${own}/bytes`, `${own}/fours`, [size / 4, 4]);
  recorder.addNode('Bitcast', [`${own}/fours`], { T: bytes, type: int }, [], `${own}/value`);
  placeholder(recorder, `${own}/new`, { shape: [size / 4], dtype: 'int32' });
  recorder.addNode('Bitcast', [`${own}/new`], { T: int, type: bytes }, [], `${own}/new/fours`);
  reshape(`${own}/new/fours`, `${own}/new/bytes`, shape);
  return `${own}/new/bytes`;
}

/** Collects what one entry point reads, writes and returns. */
export class EntryRecording implements Scope {
  readonly #recorder: Recorder;
  readonly #variables: Map<string, Variable>;
  readonly #reads = new Map<string, Tensor>();
  readonly #assignments: string[] = [];
  /** Names of the variables that the entry point writes. */
  readonly assigned = new Set<string>();

  constructor(recorder: Recorder, variables: Map<string, Variable>) {
    this.#recorder = recorder;
    this.#variables = variables;
  }

  parameters(group: string): Parameters {
    return this.#parameters(group, '');
  }

  #parameters(group: string, path: string): Parameters {
    const join = (name: string | number) => (path === '' ? String(name) : `${path}.${name}`);
    return {
      at: (name) => this.#parameters(group, join(name)),
      get: (name, shape, layout = 'same') => this.#read(`${group}/${join(name)}`, { shape: [...shape], layout }),
    };
  }

  used(group: string): Map<string, Tensor> {
    const found = [...this.#reads].filter(([name]) => name.startsWith(`${group}/`));
    return new Map(found.map(([name, tensor]) => [name.slice(group.length + 1), tensor]));
  }

  value(name: string): Tensor {
    return this.#read(name, this.#known(name));
  }

  state(kind: string, parameter: string, own?: readonly number[]): Tensor {
    return this.#read(`${STATE}/${kind}/${parameter}`, own ? { shape: own, layout: 'same' } : this.#known(parameter));
  }

  bytes(kind: string, parameter: string, shape: readonly number[], after: Tensor): Tensor {
    const name = `${STATE}/${kind}/${parameter}`;
    this.#variables.set(name, { shape, layout: 'same', dtype: 'uint8' });
    const read = `${this.#recorder.prefix}/bytes/${name}`;
    const earlier = `^${this.#recorder.reference(after).replace(/:\d+$/, '')}`;
    this.#recorder.addNode('ReadVariableOp', [handle(name), earlier], { dtype: typeValue('uint8') }, [], read);
    const attr = { SrcT: typeValue('uint8'), DstT: typeValue('int32') };
    const tensor = tf.keep(this.#recorder.addNode('Cast', [read], attr, [{ shape: [...shape], dtype: 'int32' }])[0]!);
    this.#reads.set(name, tensor);
    return tensor;
  }

  #known(name: string): Variable {
    const variable = this.#variables.get(name);
    if (!variable) throw new Error(`unknown variable ${name}`);
    return variable;
  }

  #read(name: string, wanted: Variable): Tensor {
    const variable = this.#variables.get(name) ?? wanted;
    if (String(variable.shape) !== String(wanted.shape) || variable.layout !== wanted.layout)
      throw new Error(`parameter ${name} is used as [${wanted.shape}] and as [${variable.shape}]`);
    this.#variables.set(name, variable);
    let tensor = this.#reads.get(name);
    if (!tensor) {
      const output = { shape: [...variable.shape], dtype: 'float32' as DataType };
      // Kept: a tidy() around the first use must not end a parameter's life.
      tensor = tf.keep(
        this.#recorder.addNode('ReadVariableOp', [handle(name)], { dtype: typeValue('float32') }, [output])[0]!,
      );
      this.#reads.set(name, tensor);
    }
    return tensor;
  }

  assign(name: string, value: Tensor): void {
    const { shape, dtype = 'float32' } = this.#known(name);
    if (String(shape) !== String(value.shape))
      throw new Error(`variable ${name} has shape [${shape}], the new value [${value.shape}]`);
    this.assigned.add(name);
    const node = `${this.#recorder.prefix}/assign/${name}`;
    const read = this.#reads.get(name);
    // The read precedes the write, so an entry point sees the values it started with.
    const before = read ? [`^${this.#recorder.reference(read)}`] : [];
    let reference = this.#recorder.reference(value);
    if (dtype === 'uint8') {
      const attr = { SrcT: typeValue('int32'), DstT: typeValue('uint8') };
      this.#recorder.addNode('Cast', [reference], attr, [], `${node}/bytes`);
      reference = `${node}/bytes`;
    }
    this.#recorder.addNode(
      'AssignVariableOp',
      [handle(name), reference, ...before],
      { dtype: typeValue(dtype) },
      [],
      node,
    );
    this.#assignments.push(`^${node}`);
  }

  output(name: string, tensor: Tensor): void {
    const attr = { T: typeValue(tensor.dtype as DataType) };
    this.#recorder.addNode('Identity', [this.#recorder.reference(tensor)], attr, [], name);
  }

  /** A node that is ready once every assignment is made. */
  done(name: string): void {
    const zero = this.#recorder.reference(tf.scalar(0));
    this.#recorder.addNode('Identity', [zero, ...this.#assignments], { T: typeValue('float32') }, [], name);
  }
}
