/**
 * The variables of a program, and what one of its entry points reads, writes and returns while it is recorded.
 */
import { shapeValue, stringValue, typeValue, type DataType } from './graph-definition.ts';
import type { Layout, Parameters } from './parameters.ts';
import type { Recorder } from './recorder.ts';
import { tf, type Tensor } from './tensorflow.ts';

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
}

/** What an entry point sees of its program while it is recorded. */
export interface Scope {
  /** The parameters of the network `group`, made on first use, shared by all entry points. */
  parameters(group: string): Parameters;
  /** The tensors of `group` that this entry point has used so far, by name. */
  used(group: string): Map<string, Tensor>;
  /** The value of a parameter that another entry point has named before (`group/name`). */
  value(name: string): Tensor;
  /**
   * A variable `state/kind/parameter` of the parameter's shape (`parameter` is its full name, `group/name`), zeros until
   * it is set: an optimizer's moment, a moving average.
   */
  state(kind: string, parameter: string): Tensor;
  /** Writes a parameter (`group/name`) or a variable (`state/kind/group/name`) when the entry point runs. */
  assign(name: string, value: Tensor): void;
}

const STATE = 'state';
export const isState = (name: string) => name.startsWith(`${STATE}/`);

export function placeholder(recorder: Recorder, name: string, { shape, dtype }: TensorSpec): Tensor {
  const attr = { dtype: typeValue(dtype), shape: { shape: shapeValue(shape) } };
  return recorder.addNode('Placeholder', [], attr, [{ shape: [...shape], dtype }], name)[0]!;
}

const handle = (name: string) => `variable/${name}`;

/** The nodes of a variable: its handle, its value, and a way to set it from outside. */
export function defineVariable(recorder: Recorder, name: string, shape: readonly number[]): void {
  const dtype = typeValue('float32');
  const attr = {
    dtype,
    shape: { shape: shapeValue(shape) },
    shared_name: stringValue(name),
    container: stringValue(''),
  };
  recorder.addNode('VarHandleOp', [], attr, [], handle(name));
  recorder.addNode('ReadVariableOp', [handle(name)], { dtype }, [], `${handle(name)}/value`);
  placeholder(recorder, `${handle(name)}/new`, { shape, dtype: 'float32' });
  recorder.addNode('AssignVariableOp', [handle(name), `${handle(name)}/new`], { dtype }, [], `${handle(name)}/assign`);
  const zero = recorder.reference(tf.scalar(0));
  recorder.addNode('Identity', [zero, `^${handle(name)}/assign`], { T: dtype }, [], `${handle(name)}/set`);
}

/** Collects what one entry point reads, writes and returns. */
export class EntryRecording implements Scope {
  readonly #recorder: Recorder;
  readonly #variables: Map<string, Variable>;
  readonly #reads = new Map<string, Tensor>();
  readonly #assignments: string[] = [];

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

  state(kind: string, parameter: string): Tensor {
    return this.#read(`${STATE}/${kind}/${parameter}`, this.#known(parameter));
  }

  #known(name: string): Variable {
    const variable = this.#variables.get(name);
    if (!variable) throw new Error(`variable ${name} is not known`);
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
    const { shape } = this.#known(name);
    if (String(shape) !== String(value.shape))
      throw new Error(`variable ${name} has shape [${shape}], the new value [${value.shape}]`);
    const node = `${this.#recorder.prefix}/assign/${name}`;
    const read = this.#reads.get(name);
    // The read happens before the write, so an entry point sees the values it started with.
    const before = read ? [`^${this.#recorder.reference(read)}`] : [];
    const inputs = [handle(name), this.#recorder.reference(value), ...before];
    this.#recorder.addNode('AssignVariableOp', inputs, { dtype: typeValue('float32') }, [], node);
    this.#assignments.push(`^${node}`);
  }

  output(name: string, tensor: Tensor): void {
    const attr = { T: typeValue(tensor.dtype as DataType) };
    this.#recorder.addNode('Identity', [this.#recorder.reference(tensor)], attr, [], name);
  }

  /** A node that is ready when every assignment has been made. */
  done(name: string): void {
    const zero = this.#recorder.reference(tf.scalar(0));
    this.#recorder.addNode('Identity', [zero, ...this.#assignments], { T: typeValue('float32') }, [], name);
  }
}
