import { InputError } from '../../../common/errors.ts';
import { short } from '../../../common/text/short.ts';
import type { FileBytes } from '../file-bytes.ts';
import { requireFinite } from '../finite.ts';
import { toFloat32 } from '../safetensors.ts';
import { Ignored, type Pickled } from './pickle.ts';

/** torch's storage classes: safetensors' name for the type, and bytes per element. */
const STORAGES: Readonly<Record<string, { dtype: string; bytes: number }>> = {
  FloatStorage: { dtype: 'F32', bytes: 4 },
  HalfStorage: { dtype: 'F16', bytes: 2 },
  BFloat16Storage: { dtype: 'BF16', bytes: 2 },
  DoubleStorage: { dtype: 'F64', bytes: 8 },
  LongStorage: { dtype: 'I64', bytes: 8 },
  IntStorage: { dtype: 'I32', bytes: 4 },
  ShortStorage: { dtype: 'I16', bytes: 2 },
  CharStorage: { dtype: 'I8', bytes: 1 },
  ByteStorage: { dtype: 'U8', bytes: 1 },
  BoolStorage: { dtype: 'BOOL', bytes: 1 },
};

/** A stretch of numbers that tensors look into; where it lies is known when the file's last byte has been read. */
export interface Storage {
  key: string;
  dtype: string;
  bytesPerElement: number;
  /** Elements. */
  length: number;
}

/** A tensor as the file describes it: a view into a storage. Its values are not read yet. */
export class StoredTensor {
  readonly storage: Storage;
  readonly shape: number[];
  /** Elements. */
  readonly offset: number;
  readonly stride: number[];

  constructor(storage: Storage, offset: number, shape: number[], stride: number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.stride = stride;
  }
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isSizes = (value: unknown): value is number[] => Array.isArray(value) && value.every(isSize);

/** torch._utils._rebuild_tensor_v2: everything about a view is checked against its storage before anything is read. */
function rebuildTensor(storage: Pickled, offset: Pickled, shape: Pickled, stride: Pickled): StoredTensor {
  if (!isStorage(storage)) throw new Error('a tensor without a storage');
  if (!isSize(offset) || !isSizes(shape) || !isSizes(stride) || shape.length !== stride.length)
    throw new Error(`a tensor of shape ${show(shape)}, strides ${show(stride)} and offset ${show(offset)}`);
  const elements = shape.reduce((a, b) => a * b, 1);
  const last = shape.reduce((at, size, axis) => at + (size - 1) * stride[axis]!, offset);
  if (elements > 0 && (elements > storage.length || last >= storage.length))
    throw new Error(
      `a tensor of shape ${show(shape)}, strides ${show(stride)} and offset ${offset} reaches beyond its storage ${storage.key} of ${storage.length} elements`,
    );
  return new StoredTensor(storage, offset, shape, stride);
}

const show = (value: Pickled): string => short(value);

const isStorage = (value: Pickled): value is Storage =>
  typeof value === 'object' && value !== null && 'bytesPerElement' in value;

const ignored = () => new Ignored();

/**
 * Every name that a weight file may use. The last group is what PyTorch Lightning leaves in the checkpoints of Stable
 * Diffusion beside the weights; it is read over.
 */
export const torchGlobals: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['collections.OrderedDict', (items: Pickled = []) => new Map(items as [Pickled, Pickled][])],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  ['torch._utils._rebuild_parameter', (tensor: Pickled) => tensor],
  ['torch.Size', (sizes: Pickled) => sizes],
  ...Object.entries(STORAGES).map(([name, type]) => [`torch.${name}`, { ...type, name }] as const),
  ...['float32', 'float16', 'bfloat16', 'float64', 'int64'].map((name) => [`torch.${name}`, name] as const),
  ...[
    'pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint',
    'numpy.core.multiarray.scalar',
    'numpy._core.multiarray.scalar',
    'numpy.dtype',
    '_codecs.encode',
  ].map((name) => [name, ignored] as const),
]);

/** The storage of a persistent id: ('storage', class, key, device, elements). */
export function storageOf(id: Pickled, fail: (problem: string) => never): Storage {
  const [kind, type, key, , length] = Array.isArray(id) ? (id as Pickled[]) : [];
  const known = type as (typeof STORAGES)[string] | undefined;
  if (kind !== 'storage' || typeof key !== 'string' || !isSize(length) || typeof known?.dtype !== 'string')
    return fail('refers to something that is not a storage');
  return { key, dtype: known.dtype, bytesPerElement: known.bytes, length };
}

/**
 * A tensor's values, all of them finite.
 * @param position the first byte of its storage in the file
 * @param what the tensor and its file, for messages
 */
export function readTensor(file: FileBytes, position: number, tensor: StoredTensor, what: string): Float32Array {
  const { storage, shape, offset, stride } = tensor;
  const { bytesPerElement, dtype } = storage;
  const elements = shape.reduce((a, b) => a * b, 1);
  // Up to the last element that it looks at.
  const span = elements === 0 ? 0 : 1 + shape.reduce((at, size, axis) => at + (size - 1) * stride[axis]!, 0);
  const values = toFloat32(what, dtype, file.read(position + offset * bytesPerElement, span * bytesPerElement, what));
  if (isContiguous(shape, stride)) return requireFinite(what, values);
  const gathered = new Float32Array(elements);
  const index = shape.map(() => 0);
  for (let i = 0, at = 0; i < elements; i++) {
    gathered[i] = values[at]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += stride[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= shape[axis]! * stride[axis]!;
      index[axis] = 0;
    }
  }
  return requireFinite(what, gathered);
}

function isContiguous(shape: readonly number[], stride: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && stride[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

/** A storage's bytes have to lie within the file. @throws InputError */
export function requireInside(file: FileBytes, storage: Storage, place: { offset: number; size: number }): void {
  const bytes = storage.length * storage.bytesPerElement;
  if (bytes > place.size || place.offset + bytes > file.size)
    throw new InputError(
      `${file.path}: storage ${storage.key} is said to have ${storage.length} elements of ${storage.dtype}, ${bytes} bytes, but ${Math.max(0, Math.min(place.size, file.size - place.offset))} are there: it is truncated.`,
    );
}
