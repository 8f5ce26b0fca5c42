/**
 * A tfjs backend that records operations instead of running them. tfjs-node's kernels (and so every tfjs gradient) end
 * in TensorFlow operations; here each becomes a node of a graph.
 */
import {
  tensorValue,
  stringValue,
  shapeValue,
  typeValue,
  DATA_TYPES,
  type AttributeValue,
  type DataType,
  type NodeDefinition,
} from './graph-definition.ts';
import type { Attribute } from './operations.ts';
import { inferOutputs, type Output } from './shape-inference.ts';
import { tf, type Tensor } from '../tensorflow.ts';

const BACKEND = 'recorder';
const dataTypeOf = new Map<number, DataType>(
  Object.entries(DATA_TYPES).map(([name, number]) => [number, name as DataType]),
);

interface Recorded {
  shape: number[];
  dtype: DataType;
  /** The node's output, if it has one yet; a constant gets its node on first use. */
  reference?: string;
  values?: ArrayLike<number>;
}

interface NodeBackend {
  binding: Record<string, number>;
  getDTypeInteger(dtype: string): number;
}

class Recorder extends tf.KernelBackend {
  readonly #nodeBackend: NodeBackend;
  readonly #recorded = new tf.DataStorage<Recorded>(this, tf.engine() as never);
  nodes: NodeDefinition[] = [];
  /** Shape and type of every node's outputs, by reference. */
  tensors = new Map<string, Output>();
  /** Prefix of node names: the entry point. */
  prefix = '';
  /** See load-kernels.ts. */
  hasKernels = false;

  constructor(nodeBackend: NodeBackend) {
    super();
    this.#nodeBackend = nodeBackend;
  }

  get binding() {
    return this.#nodeBackend.binding;
  }
  getDTypeInteger(dtype: string) {
    return this.#nodeBackend.getDTypeInteger(dtype);
  }
  typeAttributeFromTensor(tensor: Tensor) {
    return this.getDTypeInteger(tensor.dtype);
  }
  createReductionOpAttrs(tensor: Tensor, keepDims = false): Attribute[] {
    const { TF_ATTR_BOOL, TF_ATTR_TYPE, TF_INT32 } = this.binding;
    return [
      { name: 'keep_dims', type: TF_ATTR_BOOL!, value: keepDims },
      { name: 'T', type: TF_ATTR_TYPE!, value: this.getDTypeInteger(tensor.dtype) },
      { name: 'Tidx', type: TF_ATTR_TYPE!, value: TF_INT32 },
    ];
  }
  executeSingleInput(operation: string, input: Tensor): Tensor {
    const { TF_ATTR_TYPE } = this.binding;
    return this.executeSingleOutput(
      operation,
      [{ name: 'T', type: TF_ATTR_TYPE!, value: this.getDTypeInteger(input.dtype) }],
      [input],
    );
  }
  executeSingleOutput(operation: string, attributes: Attribute[], inputs: Tensor[]): Tensor {
    return this.executeMultipleOutputs(operation, attributes, inputs)[0]!;
  }
  executeMultipleOutputs(operation: string, attributes: Attribute[], inputs: Tensor[]): Tensor[] {
    const plain = Object.fromEntries(
      attributes.map(({ name, type, value }) => [
        name,
        type === this.binding['TF_ATTR_TYPE'] ? dataTypeOf.get(value as number) : value,
      ]),
    );
    const outputs = inferOutputs(
      operation,
      inputs.map((input) => this.#recorded.get(input.dataId)),
      plain,
    );
    const attr = Object.fromEntries(attributes.map((attribute) => [attribute.name, this.#attributeValue(attribute)]));
    return this.addNode(
      operation,
      inputs.map((input) => this.reference(input)),
      attr,
      outputs,
    );
  }

  /** See operations.ts. */
  after(x: Tensor, earlier: Tensor): Tensor {
    const input = [this.reference(x), `^${this.reference(earlier).replace(/:\d+$/, '')}`];
    const output = { shape: [...x.shape], dtype: x.dtype as DataType };
    return this.addNode('Identity', input, { T: typeValue(output.dtype) }, [output])[0]!;
  }

  /** Adds a node; its outputs become tensors that stand for its future results. */
  addNode(
    op: string,
    input: string[],
    attr: Record<string, AttributeValue>,
    outputs: Output[],
    name?: string,
  ): Tensor[] {
    const node = { name: name ?? `${this.prefix}/${op}_${this.nodes.length}`, op, input, attr };
    this.nodes.push(node);
    return outputs.map(({ shape, dtype }, index) => {
      const dataId = {};
      const reference = index === 0 ? node.name : `${node.name}:${index}`;
      this.tensors.set(reference, { shape, dtype });
      this.#recorded.set(dataId, { shape, dtype, reference });
      return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype }) as Tensor;
    });
  }

  /** The node output that holds `tensor`. */
  reference(tensor: Tensor): string {
    const recorded = this.#recorded.get(tensor.dataId);
    if (recorded.reference === undefined) {
      const { shape, dtype, values } = recorded;
      recorded.reference = `${this.prefix}/Const_${this.nodes.length}`;
      const attr = { dtype: typeValue(dtype), value: tensorValue(dtype, shape, values!) };
      this.nodes.push({ name: recorded.reference, op: 'Const', input: [], attr });
    }
    return recorded.reference;
  }

  #attributeValue({ name, type, value }: Attribute): AttributeValue {
    const b = this.binding;
    switch (type) {
      case b['TF_ATTR_TYPE']:
        return { type: value as number };
      case b['TF_ATTR_BOOL']:
        return { b: Boolean(value) };
      case b['TF_ATTR_INT']:
        return Array.isArray(value) ? { list: { i: value as number[] } } : { i: value as number };
      case b['TF_ATTR_FLOAT']:
        return Array.isArray(value) ? { list: { f: value as number[] } } : { f: value as number };
      case b['TF_ATTR_STRING']:
        return stringValue(value as string);
      case b['TF_ATTR_SHAPE']:
        return { shape: shapeValue(value as number[]) };
      default:
        throw new Error(`attribute ${name} is of a type that cannot be recorded`);
    }
  }

  override write(values: never, shape: number[], dtype: DataType): object {
    const dataId = {};
    this.move(dataId, values, shape, dtype);
    return dataId;
  }
  override move(dataId: object, values: never, shape: number[], dtype: DataType): void {
    if (!(dtype in DATA_TYPES)) throw new Error(`a tensor of type ${dtype} cannot be part of a program`);
    this.#recorded.set(dataId, { shape, dtype, values });
  }
  override readSync(dataId: object): never {
    const { values } = this.#recorded.get(dataId);
    if (values === undefined) throw new Error('a program is being recorded: its tensors have no values yet');
    return values as never;
  }
  override async read(dataId: object): Promise<never> {
    return this.readSync(dataId);
  }
  // Only names are held, so nothing needs freeing before the recording ends.
  override disposeData(): boolean {
    return false;
  }
  override refCount(): number {
    return 1;
  }
  override incRef(): void {}
  override numDataIds(): number {
    return this.#recorded.numDataIds();
  }
  override floatPrecision(): 32 {
    return 32;
  }
}

/** Arguments that tfjs passes to a kernel. */
interface KernelCall {
  inputs: Record<string, Tensor>;
  attrs: Record<string, number>;
  backend: Recorder;
}

let registered = false;
function register(): void {
  if (registered) return;
  registered = true;
  const nodeBackend = tf.backend() as unknown as NodeBackend;
  tf.registerBackend(BACKEND, () => new Recorder(nodeBackend), 0);
  tf.copyRegisteredKernels('tensorflow', BACKEND);
  const override = (kernelName: string, kernelFunc: (call: KernelCall) => unknown) => {
    tf.unregisterKernel(kernelName, BACKEND);
    tf.registerKernel({ kernelName, backendName: BACKEND, kernelFunc: kernelFunc as never });
  };
  // tfjs-node's own kernel reads the indices to check them, but they have no values yet.
  override('GatherV2', ({ inputs: { x, indices }, attrs: { axis, batchDims }, backend }) => {
    const { TF_ATTR_INT, TF_ATTR_TYPE, TF_INT32 } = backend.binding;
    const type = (name: string, value: unknown) => ({ name, type: TF_ATTR_TYPE!, value });
    return backend.executeSingleOutput(
      'GatherV2',
      [
        { name: 'batch_dims', type: TF_ATTR_INT!, value: batchDims ?? 0 },
        type('Tparams', backend.getDTypeInteger(x!.dtype)),
        type('Tindices', TF_INT32),
        type('Taxis', TF_INT32),
      ],
      [x!, indices!, tf.scalar(axis!, 'int32')],
    );
  });
  // tfjs-node's own kernel leaves the type attribute to eager mode.
  override('ExpandDims', ({ inputs: { input }, attrs: { dim } }) => {
    const { shape } = input!;
    return tf.reshape(input!, shape.toSpliced(dim! < 0 ? shape.length + 1 + dim! : dim!, 0, 1));
  });
}

/**
 * Returns the nodes that `build` describes. Inside it, every tfjs call is recorded under `prefix` and nothing runs.
 * @param kernels whether nodes may be this project's own operations: load-kernels.ts
 */
export function record<T>(
  prefix: string,
  build: (recorder: Recorder) => T,
  { kernels = false } = {},
): { nodes: NodeDefinition[]; result: T } {
  register();
  const before = tf.getBackend();
  // Both calls take effect at once: the backend is made synchronously.
  void tf.setBackend(BACKEND);
  const recorder = tf.backend() as unknown as Recorder;
  recorder.nodes = [];
  recorder.tensors = new Map();
  recorder.prefix = prefix;
  recorder.hasKernels = kernels;
  tf.engine().startScope();
  try {
    const result = build(recorder);
    return { nodes: recorder.nodes, result };
  } finally {
    tf.engine().endScope();
    void tf.setBackend(before);
  }
}

export type { Recorder };
