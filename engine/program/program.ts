import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../../common/errors.ts';
import { product } from '../../common/product.ts';
import { computeType, type ComputeType } from '../compute-type.ts';
import { sumByProduct } from '../reductions.ts';
import { encodeSavedModel, type NodeDefinition } from './graph-definition.ts';
import { KEEP, SECOND, split, TICKET, type Halves } from './halves.ts';
import { isColumn, isHalf, mixPrecision, narrowKept } from '../mixed-precision.ts';
import { fileShape, toEngine, toFile } from '../weights/parameters.ts';
import { record } from './recorder.ts';
import { requireTensor } from '../weights/required-tensor.ts';
import {
  EntryRecording,
  defineVariable,
  handle,
  isState,
  placeholder,
  type Scope,
  type TensorSpec,
  type Variable,
} from './scope.ts';
import type { NodeOutput } from './shape-inference.ts';
import { tf, usesGpu, type Tensor } from '../tensorflow.ts';
import type { Weights } from '../weights/weights.ts';

export { float32, int32, type Scope, type TensorSpec } from './scope.ts';

export type Tensors = Record<string, Tensor>;
/** Variables that hold bytes, by name. */
export type Bytes = Map<string, { shape: number[]; data: Uint8Array }>;

interface Entry {
  inputs: Record<string, TensorSpec>;
  outputs: string[];
  halves?: Halves | undefined;
}

/** A recorded entry point: references of its outputs by key, nodes of its late inputs, variables it writes. */
interface Recorded {
  name: string;
  entry: Entry;
  nodes: NodeDefinition[];
  tensors: ReadonlyMap<string, NodeOutput>;
  outputs: ReadonlyMap<string, string>;
  waiting: ReadonlySet<string>;
  done: string;
  assigned: ReadonlySet<string>;
}

/** An entry point between its halves. */
export interface Pending {
  /** The outputs that do not depend on the late inputs. The caller disposes them. */
  outputs: Tensors;
  /** Runs the second half, once, and frees what was kept for it. The caller disposes the outputs. */
  finish(inputs: Tensors): Tensors;
}

interface Binding {
  loadSavedModel(folder: string, tags: string): number;
  runSavedModel(id: number, inputs: number[], inputNames: string, outputNames: string): OutputMetadata[];
  deleteSavedModel(id: number): void;
  deleteTensor(id: number): void;
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
 * Entry points over shared variables, recorded once from tfjs functions and run as one TensorFlow graph.
 *
 *     const program = new Program();
 *     program.entry('encode', { ids: int32(2, 77) }, ({ ids }, scope) => ({
 *       hidden: clipText(scope.parameters('text_encoder'), config, ids).hidden,
 *     }));
 *     program.compile();
 *     program.load('text_encoder', weights);
 *     const { hidden } = program.run('encode', { ids });
 *
 * Shapes are fixed. Weights stay on the device; a run returns only its outputs, as eager tensors that the caller owns.
 * Gradients are taken inside an entry point ({@link file://../gradients.ts}).
 */
export class Program {
  readonly #variables = new Map<string, Variable>();
  readonly #entries = new Map<string, Entry>();
  readonly type: ComputeType;
  readonly #kernels: boolean;
  #recorded: Recorded[] = [];
  #id: number | undefined;

  /**
   * @param type compute type, and storage type of weights that no entry point assigns
   * @param kernels whether layers may be this project's own operations (`load-kernels.ts`), which exist for float32 on the
   * CPU
   */
  constructor({ type = computeType(), kernels = true }: { type?: ComputeType; kernels?: boolean } = {}) {
    this.type = type;
    this.#kernels = kernels && type === 'float32' && !usesGpu();
  }

  /**
   * Records `build`, which must compute its outputs from its inputs and parameters with ordinary tfjs operations.
   * @param late inputs that come later (see {@link start})
   */
  entry<I extends string, O extends Tensors>(
    name: string,
    inputs: Record<I, TensorSpec>,
    build: (inputs: Record<I, Tensor>, scope: Scope) => O,
    { late = [] }: { late?: readonly string[] } = {},
  ): void {
    if (this.#id !== undefined) throw new Error('entry points must be recorded before compile()');
    if (this.#entries.has(name)) throw new Error(`entry point ${name} already exists`);
    const { nodes, result } = record(
      name,
      (recorder) => {
        const specs = Object.entries(inputs) as [I, TensorSpec][];
        const fed = Object.fromEntries(
          specs.map(([key, spec]) => [key, placeholder(recorder, `${name}/in/${key}`, spec)]),
        ) as Record<I, Tensor>;
        const recording = new EntryRecording(recorder, this.#variables);
        const outputs = build(fed, recording);
        for (const [key, tensor] of Object.entries(outputs)) recording.output(`${name}/out/${key}`, tensor);
        recording.done(`${name}/done`);
        return {
          entry: { inputs, outputs: Object.keys(outputs) } as Entry,
          tensors: recorder.tensors,
          outputs: new Map(Object.keys(outputs).map((key) => [key, `${name}/out/${key}`])),
          waiting: new Set(late.map((key) => `${name}/in/${key}`)),
          done: `${name}/done`,
          assigned: recording.assigned,
        };
      },
      { kernels: this.#kernels },
    );
    this.#recorded.push({ name, nodes, ...result });
    this.#entries.set(name, result.entry);
  }

  /** Hands the graph to TensorFlow. */
  compile(): void {
    this.#storeInHalf();
    const entries = this.#recorded.flatMap((recorded) => this.#finish(recorded));
    const { nodes } = record('variables', (recorder) => {
      for (const [name, variable] of this.#variables) defineVariable(recorder, name, variable);
    });
    const folder = mkdtempSync(join(tmpdir(), 'textcraftor-program-'));
    try {
      writeFileSync(join(folder, 'saved_model.pb'), encodeSavedModel([...nodes, ...entries]));
      this.#id = backend().binding.loadSavedModel(folder, 'serve');
    } finally {
      rmSync(folder, { recursive: true });
    }
    this.#recorded = [];
    const states = [...this.#variables].filter(([name]) => isState(name));
    this.#set(
      new Map(
        states.map(([name, { shape, dtype }]) => [
          name,
          () => (dtype === 'uint8' ? tf.zeros([product(shape) / 4], 'int32') : tf.zeros([...shape])),
        ]),
      ),
    );
  }

  /**
   * Matrices and kernels that nothing assigns are stored in the compute type; those that produce scores are float32.
   */
  #storeInHalf(): void {
    const { type } = this;
    if (type === 'float32') return;
    const assigned = new Set(this.#recorded.flatMap(({ assigned }) => [...assigned]));
    for (const [name, variable] of this.#variables)
      if (!isState(name) && !assigned.has(name) && variable.shape.length > 1 && !isColumn(variable.shape))
        this.#variables.set(name, { ...variable, dtype: type });
  }

  /** Returns the nodes of an entry point as they will run; sets its halves. */
  #finish({ name, entry, outputs, waiting, done, ...graph }: Recorded): NodeDefinition[] {
    const { type } = this;
    let { nodes, tensors } = graph;
    const halvesOf = () => (waiting.size > 0 ? split(name, nodes, waiting, outputs, done, tensors) : undefined);
    if (type !== 'float32') {
      const inHalf = [...this.#variables].filter(([, { dtype }]) => isHalf(dtype));
      const stored = new Set(inHalf.map(([name]) => handle(name)));
      ({ nodes, tensors } = mixPrecision(nodes, tensors, { type, stored, outputs: new Set(outputs.values()) }));
      const halves = halvesOf();
      if (halves) ({ nodes, tensors } = narrowKept({ nodes, tensors }, halves.kept, type));
    }
    if (!usesGpu()) nodes = sumByProduct(nodes, tensors);
    entry.halves = halvesOf();
    return [...nodes, ...(entry.halves?.nodes ?? [])];
  }

  /** Runs an entry point. The caller disposes the outputs. */
  run(name: string, inputs: Tensors): Tensors {
    const entry = this.#entry(name);
    return this.#call(name, this.#feeds(name, Object.keys(entry.inputs), inputs), entry.outputs, `${name}/done`);
  }

  /**
   * Runs the first half of an entry point with late inputs: a function's value now, its vector-Jacobian product once
   * the gradient of the result is known. The variables must not change in between.
   */
  start(name: string, inputs: Tensors): Pending {
    const { halves, inputs: specs, outputs } = this.#entry(name);
    if (!halves) throw new Error(`${name} has no late inputs`);
    const number = ++lastTicket;
    const call = (prefix: string, given: Tensors, keys: readonly string[], done: string): Tensors => {
      const ticket = tf.scalar(number, 'int32');
      try {
        const present = Object.keys(specs).filter((key) => key in given);
        const feeds = this.#feeds(name, present, given, prefix);
        return this.#call(prefix, [...feeds, [`${name}/${TICKET}`, nativeTensors([ticket])[0]!]], keys, done);
      } finally {
        ticket.dispose();
      }
    };
    const second = `${name}/${SECOND}`;
    return {
      outputs: call(name, inputs, halves.early, `${name}/${KEEP}`),
      finish: (late) =>
        call(
          second,
          late,
          outputs.filter((key) => !halves.early.includes(key)),
          `${second}/done`,
        ),
    };
  }

  /** Returns the bytes that an entry point with late inputs keeps between its halves. */
  keptBytes(name: string): number {
    return this.#entry(name).halves?.keptBytes ?? 0;
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (!entry) throw new Error(`there is no entry point ${name}`);
    return entry;
  }

  /** The native tensors of inputs, by the names of their placeholders. */
  #feeds(name: string, keys: readonly string[], inputs: Tensors, prefix = name): [reference: string, id: number][] {
    const specs = this.#entry(name).inputs;
    const tensors = keys.map((key) => {
      const [tensor, spec] = [inputs[key], specs[key]!];
      if (!tensor) throw new Error(`${name} needs the input ${key}`);
      if (String(tensor.shape) !== String(spec.shape) || tensor.dtype !== spec.dtype)
        throw new Error(
          `${name}: input ${key} is ${tensor.dtype}[${tensor.shape}], expected ${spec.dtype}[${spec.shape}]`,
        );
      return tensor;
    });
    return nativeTensors(tensors).map((id, i) => [`${prefix}/in/${keys[i]}`, id]);
  }

  /** @param done a node to wait for */
  #call(
    name: string,
    feeds: readonly (readonly [reference: string, id: number])[],
    outputs: readonly string[],
    done: string,
  ): Tensors {
    const found = this.#fetch(feeds, [...outputs.map((key) => `${name}/out/${key}`), done]);
    backend().binding.deleteTensor(found.pop()!.id);
    return Object.fromEntries(outputs.map((key, i) => [key, backend().createOutputTensor(found[i]!)]));
  }

  /** Returns names and file shapes of the parameters of `group`, in the order of first use. */
  parameters(group: string): Map<string, number[]> {
    const shapeOf = ({ shape, layout }: Variable) => fileShape(shape, layout);
    return new Map(this.#names(group).map((name) => [name, shapeOf(this.#variables.get(`${group}/${name}`)!)]));
  }

  /**
   * Sets the parameters of `group` from tensors in the file's layout. A missing tensor or one of another shape is an
   * InputError; tensors that no entry point uses are ignored.
   * @param source origin of the weights, for messages
   */
  load(group: string, weights: Weights, source = group): void {
    const values = new Map<string, () => Tensor>();
    for (const [name, shape] of this.parameters(group)) {
      const stored = requireTensor(weights, name, shape, source);
      const variable = this.#variables.get(`${group}/${name}`)!;
      values.set(`${group}/${name}`, () => toEngine(stored.data, variable.shape, variable.layout));
    }
    this.#set(values);
  }

  /** Returns the parameters of `group` in the file's layout. */
  read(group: string): Weights {
    const weights: Weights = new Map();
    for (const names of this.#batches([...this.parameters(group).keys()].map((name) => `${group}/${name}`))) {
      const values = this.#run(
        [],
        [],
        names.map((name) => `variable/${name}/value`),
      );
      for (const [i, name] of names.entries()) {
        weights.set(name.slice(group.length + 1), this.inFileLayout(name, values[i]!));
        values[i]!.dispose();
      }
    }
    return weights;
  }

  /** Returns the byte variables of `group`. */
  readBytes(group: string): Bytes {
    const bytes: Bytes = new Map();
    for (const name of this.#names(group)) {
      const [value] = this.#run([], [], [`variable/${group}/${name}/value`]);
      const { buffer, byteOffset, byteLength } = value!.dataSync();
      bytes.set(name, {
        shape: [...this.#variables.get(`${group}/${name}`)!.shape],
        data: new Uint8Array(buffer, byteOffset, byteLength),
      });
      value!.dispose();
    }
    return bytes;
  }

  /** Sets the byte variables of `group`. A missing one is an InputError. @param source for messages */
  loadBytes(group: string, bytes: Bytes, source: string): void {
    const values = this.#names(group).map((name) => {
      const { shape } = this.#variables.get(`${group}/${name}`)!;
      const stored = bytes.get(name);
      if (stored?.data.length !== product(shape))
        throw new InputError(
          `The bytes ${name} of ${group} in ${source} are [${stored?.shape ?? 'missing'}]; expected [${shape.join(', ')}].`,
        );
      return [`${group}/${name}`, () => tf.tensor1d(new Int32Array(stored.data.slice().buffer), 'int32')] as const;
    });
    this.#set(new Map(values));
  }

  #names(group: string): string[] {
    return [...this.#variables.keys()].flatMap((name) =>
      name.startsWith(`${group}/`) ? [name.slice(group.length + 1)] : [],
    );
  }

  /**
   * Converts a tensor of the shape of a parameter (`group/name`), such as its gradient, to the parameter's file layout.
   */
  inFileLayout(name: string, tensor: Tensor): { shape: number[]; data: Float32Array } {
    const { shape, layout } = this.#variables.get(name)!;
    return { shape: fileShape(shape, layout), data: toFile(tensor, layout) };
  }

  /** Frees the graph and its variables. */
  dispose(): void {
    if (this.#id !== undefined) backend().binding.deleteSavedModel(this.#id);
    this.#id = undefined;
  }

  #set(values: Map<string, () => Tensor>): void {
    for (const names of this.#batches([...values.keys()])) {
      const tensors = names.map((name) => values.get(name)!());
      const done = this.#run(
        tensors,
        names.map((name) => `variable/${name}/new`),
        names.map((name) => `variable/${name}/set`),
      );
      for (const tensor of [...tensors, ...done]) tensor.dispose();
    }
  }

  /**
   * Splits the names into groups of at most TRANSFER_BYTES: TensorFlow prepares the graph again for each set of names
   * requested.
   */
  #batches(names: string[]): string[][] {
    const batches: string[][] = [];
    let bytes = Infinity;
    for (const name of names) {
      const { shape, dtype } = this.#variables.get(name)!;
      const size = product(shape) * (dtype === 'uint8' ? 1 : 4);
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
    const feeds = nativeTensors(tensors).map((id, i) => [inputNames[i]!, id] as const);
    return this.#fetch(feeds, outputNames).map((metadata) => backend().createOutputTensor(metadata));
  }

  #fetch(feeds: readonly (readonly [reference: string, id: number])[], fetches: readonly string[]): OutputMetadata[] {
    if (this.#id === undefined) throw new Error('compile() must come before the first run');
    const names = feeds.map(([reference]) => reference);
    const ids = feeds.map(([, id]) => id);
    return backend().binding.runSavedModel(this.#id, ids, names.join(','), fetches.join(','));
  }
}

/** The ticket of the tensors kept last in this process. */
let lastTicket = 0;

const backend = () => tf.backend() as unknown as RunningBackend;
const nativeTensors = (tensors: Tensor[]): number[] => backend().getInputTensorIds.call(backend(), tensors);
/**
 * Most bytes moved between JavaScript and the device at once: bounds the second copy of the weights while they are
 * loaded.
 */
const TRANSFER_BYTES = 2 ** 27;
