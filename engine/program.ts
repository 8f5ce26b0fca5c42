import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../common/errors.ts';
import { encodeSavedModel, shapeValue, stringValue, typeValue } from './graph-definition.ts';
import type { DataType, NodeDefinition } from './graph-definition.ts';
import { fileShape, toEngine, toFile, type Layout, type Parameters } from './parameters.ts';
import { record, type Recorder } from './recorder.ts';
import { tf, type Tensor } from './tensorflow.ts';
import type { Weights } from './weights.ts';

/** Shape and type of an input of an entry point. */
export interface TensorSpec {
  shape: readonly number[];
  dtype: 'float32' | 'int32';
}
export const float32 = (...shape: number[]): TensorSpec => ({ shape, dtype: 'float32' });
export const int32 = (...shape: number[]): TensorSpec => ({ shape, dtype: 'int32' });

export type Tensors = Record<string, Tensor>;

interface Variable {
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

interface Entry {
  inputs: Record<string, TensorSpec>;
  outputs: string[];
}

interface Binding {
  loadSavedModel(folder: string, tags: string): number;
  runSavedModel(id: number, inputs: number[], inputNames: string, outputNames: string): OutputMetadata[];
  deleteSavedModel(id: number): void;
}
interface OutputMetadata {
  id: number;
  shape: number[];
  dtype: number;
}
interface RunningBackend {
  binding: Binding;
  getInputTensorIds(tensors: Tensor[]): number[];
  createOutputTensor(metadata: OutputMetadata): Tensor;
}

/**
 * Entry points over shared variables, recorded from tfjs functions once and run as one TensorFlow graph.
 *
 *     const program = new Program();
 *     program.entry('encode', { ids: int32(2, 77) }, ({ ids }, scope) => ({
 *       hidden: clipText(scope.parameters('text_encoder'), config, ids).hidden,
 *     }));
 *     program.compile();
 *     program.load('text_encoder', weights);
 *     const { hidden } = program.run('encode', { ids });
 *
 * Shapes are fixed. Weights stay on the device; a run gives back its outputs only, as eager tensors that the caller
 * owns. Gradients are taken inside an entry point ({@link file://./gradients.ts}).
 */
export class Program {
  readonly #variables = new Map<string, Variable>();
  readonly #entries = new Map<string, Entry>();
  #nodes: NodeDefinition[] = [];
  #id: number | undefined;

  /** Records `build`, which must use ordinary tfjs operations on its inputs and parameters and return its outputs. */
  entry<I extends string, O extends Tensors>(
    name: string,
    inputs: Record<I, TensorSpec>,
    build: (inputs: Record<I, Tensor>, scope: Scope) => O,
  ): void {
    if (this.#id !== undefined) throw new Error('entry points are recorded before compile()');
    if (this.#entries.has(name)) throw new Error(`entry point ${name} is there already`);
    const { nodes, result } = record(name, (recorder) => {
      const specs = Object.entries(inputs) as [I, TensorSpec][];
      const fed = Object.fromEntries(
        specs.map(([key, spec]) => [key, placeholder(recorder, `${name}/in/${key}`, spec)]),
      ) as Record<I, Tensor>;
      const recording = new EntryRecording(recorder, this.#variables);
      const outputs = build(fed, recording);
      for (const [key, tensor] of Object.entries(outputs)) recording.output(`${name}/out/${key}`, tensor);
      recording.done(`${name}/done`);
      return Object.keys(outputs);
    });
    this.#nodes.push(...nodes);
    this.#entries.set(name, { inputs, outputs: result });
  }

  /** Hands the graph to TensorFlow. */
  compile(): void {
    const { nodes } = record('variables', (recorder) => {
      for (const [name, variable] of this.#variables) defineVariable(recorder, name, variable.shape);
    });
    const folder = mkdtempSync(join(tmpdir(), 'textcraftor-program-'));
    try {
      writeFileSync(join(folder, 'saved_model.pb'), encodeSavedModel([...nodes, ...this.#nodes]));
      this.#id = backend().binding.loadSavedModel(folder, 'serve');
    } finally {
      rmSync(folder, { recursive: true });
    }
    this.#nodes = [];
    this.#set(new Map([...this.#variables].filter(([name]) => isState(name)).map(([name, { shape }]) => [name, () => tf.zeros([...shape])]))); // prettier-ignore
  }

  /** Runs an entry point. The caller disposes the outputs. */
  run(name: string, inputs: Tensors): Tensors {
    const entry = this.#entries.get(name);
    if (!entry) throw new Error(`there is no entry point ${name}`);
    const keys = Object.keys(entry.inputs);
    const tensors = keys.map((key) => {
      const [tensor, spec] = [inputs[key], entry.inputs[key]!];
      if (!tensor) throw new Error(`${name} needs the input ${key}`);
      if (String(tensor.shape) !== String(spec.shape) || tensor.dtype !== spec.dtype)
        throw new Error(
          `${name}: input ${key} is ${tensor.dtype}[${tensor.shape}], expected ${spec.dtype}[${spec.shape}]`,
        );
      return tensor;
    });
    const outputs = this.#run(
      tensors,
      keys.map((key) => `${name}/in/${key}`),
      [...entry.outputs.map((key) => `${name}/out/${key}`), `${name}/done`],
    );
    outputs.pop()!.dispose();
    return Object.fromEntries(entry.outputs.map((key, i) => [key, outputs[i]!]));
  }

  /** Names and file shapes of the parameters of `group`, in the order of first use. */
  parameters(group: string): Map<string, number[]> {
    const found = [...this.#variables].filter(([name]) => name.startsWith(`${group}/`));
    return new Map(found.map(([name, v]) => [name.slice(group.length + 1), fileShape(v.shape, v.layout)]));
  }

  /**
   * Sets the parameters of `group` from tensors in the file's layout. A missing tensor or one of another shape is an
   * InputError; tensors that no entry point uses are left alone.
   * @param source where the weights are from, for messages
   */
  load(group: string, weights: Weights, source = group): void {
    const values = new Map<string, () => Tensor>();
    for (const [name, shape] of this.parameters(group)) {
      const stored = weights.get(name);
      if (!stored)
        throw new InputError(`Tensor ${name} is missing from ${source}; expected shape [${shape.join(', ')}].`);
      if (String(stored.shape) !== String(shape))
        throw new InputError(
          `Tensor ${name} in ${source} has shape [${stored.shape.join(', ')}]; expected [${shape.join(', ')}].`,
        );
      const variable = this.#variables.get(`${group}/${name}`)!;
      values.set(`${group}/${name}`, () =>
        tf.tensor(toEngine(stored.data, variable.shape, variable.layout), [...variable.shape]),
      );
    }
    this.#set(values);
  }

  /** The parameters of `group` in the file's layout. */
  read(group: string): Weights {
    const weights: Weights = new Map();
    for (const names of this.#batches([...this.parameters(group).keys()].map((name) => `${group}/${name}`))) {
      const values = this.#run([], [], names.map((name) => `variable/${name}/value`)); // prettier-ignore
      for (const [i, name] of names.entries()) {
        weights.set(name.slice(group.length + 1), this.inFileLayout(name, values[i]!));
        values[i]!.dispose();
      }
    }
    return weights;
  }

  /** A tensor of the shape of a parameter (`group/name`), a gradient for one, as a file would hold the parameter. */
  inFileLayout(name: string, tensor: Tensor): { shape: number[]; data: Float32Array } {
    const { shape, layout } = this.#variables.get(name)!;
    return { shape: fileShape(shape, layout), data: toFile(tensor.dataSync() as Float32Array, shape, layout) };
  }

  /** Frees the graph and its variables. */
  dispose(): void {
    if (this.#id !== undefined) backend().binding.deleteSavedModel(this.#id);
    this.#id = undefined;
  }

  #set(values: Map<string, () => Tensor>): void {
    for (const names of this.#batches([...values.keys()])) {
      const tensors = names.map((name) => values.get(name)!());
      const done = this.#run(tensors, names.map((name) => `variable/${name}/new`), names.map((name) => `variable/${name}/set`)); // prettier-ignore
      for (const tensor of [...tensors, ...done]) tensor.dispose();
    }
  }

  /** The names in groups of at most TRANSFER_BYTES: TensorFlow prepares the graph anew for each set of names that it is asked for. */
  #batches(names: string[]): string[][] {
    const batches: string[][] = [];
    let bytes = Infinity;
    for (const name of names) {
      const size = 4 * this.#variables.get(name)!.shape.reduce((a, b) => a * b, 1);
      if (bytes + size > TRANSFER_BYTES) {
        batches.push([]);
        bytes = 0;
      }
      batches.at(-1)!.push(name);
      bytes += size;
    }
    return batches;
  }

  #run(tensors: Tensor[], inputNames: string[], outputNames: string[]): Tensor[] {
    if (this.#id === undefined) throw new Error('compile() comes before the first run');
    const { binding, getInputTensorIds } = backend();
    const ids = getInputTensorIds.call(backend(), tensors);
    return binding
      .runSavedModel(this.#id, ids, inputNames.join(','), outputNames.join(','))
      .map((metadata) => backend().createOutputTensor(metadata));
  }
}

const backend = () => tf.backend() as unknown as RunningBackend;
/** What is moved between JavaScript and the device at once: bounds the second copy of the weights while they are loaded. */
const TRANSFER_BYTES = 2 ** 29;
const STATE = 'state';
const isState = (name: string) => name.startsWith(`${STATE}/`);

function placeholder(recorder: Recorder, name: string, { shape, dtype }: TensorSpec): Tensor {
  const attr = { dtype: typeValue(dtype), shape: { shape: shapeValue(shape) } };
  return recorder.addNode('Placeholder', [], attr, [{ shape: [...shape], dtype }], name)[0]!;
}

const handle = (name: string) => `variable/${name}`;

/** The nodes of a variable: its handle, its value, and a way to set it from outside. */
function defineVariable(recorder: Recorder, name: string, shape: readonly number[]): void {
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
class EntryRecording implements Scope {
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
