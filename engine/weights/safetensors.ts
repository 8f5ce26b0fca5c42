import { InputError, RunError } from '../../common/errors.ts';
import { writeFileAtomic } from '../../common/files.ts';
import { fileBytes, requireWeightKind, type FileBytes } from './file-bytes.ts';
import { requireFinite } from './finite.ts';
import { decodeBfloat16, decodeFloat16, encodeFloat16 } from './float16.ts';
import { parseHeader, type TensorInfo } from './safetensors-header.ts';

/**
 * Weight files in the safetensors format: eight bytes with the header's length, a JSON header, raw little-endian data.
 * https://github.com/huggingface/safetensors#format
 */
export interface SafetensorsFile {
  readonly path: string;
  /** Tensor names in alphabetical order. */
  readonly names: string[];
  readonly metadata: Readonly<Record<string, string>>;
  has(name: string): boolean;
  info(name: string): { dtype: string; shape: number[] };
  /** The tensor's bytes as they are stored, read from the file now. */
  data(name: string): Uint8Array;
  /** A floating-point tensor's values (F64, F32, F16, BF16), all finite, read from the file now. */
  float32(name: string): Float32Array;
}

/** Reads and checks the header; the tensors' data stay in the file until they are asked for. Bad files are InputErrors. */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const file = fileBytes(path);
  requireWeightKind(file, 'a safetensors file', ['safetensors']);
  const header = readHeader(file);
  const dataStart = LENGTH_BYTES + header.length;
  const { tensors, metadata } = parseHeader(path, header, file.size - dataStart);
  const find = (name: string): TensorInfo => {
    const info = tensors.get(name);
    if (!info) throw new InputError(`${path} has no tensor ${name}.`);
    return info;
  };
  const data = (name: string) => {
    const { begin, end } = find(name);
    return file.read(dataStart + begin, end - begin, `tensor ${name}`);
  };
  return {
    path,
    metadata,
    names: [...tensors.keys()].sort(),
    has: (name) => tensors.has(name),
    info: (name) => ({ dtype: find(name).dtype, shape: [...find(name).shape] }),
    data,
    float32: (name) => {
      const what = `Tensor ${name} in ${path}`;
      return requireFinite(what, toFloat32(what, find(name).dtype, data(name)));
    },
  };
}

/** Before the header stands its length. */
const LENGTH_BYTES = 8;
/** The reference implementation's limit. */
const MAX_HEADER_BYTES = 100_000_000;

function readHeader({ path, size, read }: FileBytes): Uint8Array {
  if (size < LENGTH_BYTES)
    throw new InputError(
      `${path} is not a safetensors file: it has ${size} bytes, fewer than the 8 of the header's length.`,
    );
  const length = new DataView(read(0, LENGTH_BYTES, "the header's length").buffer).getBigUint64(0, true);
  if (length > BigInt(size - LENGTH_BYTES))
    throw new InputError(
      `${path} is truncated or not a safetensors file: its header is said to have ${length} bytes, but only ${size - LENGTH_BYTES} follow.`,
    );
  if (length > BigInt(MAX_HEADER_BYTES))
    throw new InputError(`${path}: its header is said to have ${length} bytes; the format allows ${MAX_HEADER_BYTES}.`);
  return read(LENGTH_BYTES, Number(length), 'its header');
}

/** A floating-point tensor's values. @param what the tensor and its file, for messages */
export function toFloat32(what: string, dtype: string, bytes: Uint8Array<ArrayBuffer>): Float32Array {
  switch (dtype) {
    case 'F32':
      return new Float32Array(bytes.buffer);
    case 'F16':
      return decodeFloat16(new Uint16Array(bytes.buffer));
    case 'BF16':
      return decodeBfloat16(new Uint16Array(bytes.buffer));
    case 'F64':
      return Float32Array.from(new Float64Array(bytes.buffer));
    default:
      throw new InputError(`${what} has dtype ${dtype}; expected F32, F16, BF16 or F64.`);
  }
}

export interface TensorData {
  dtype: 'F32' | 'F16';
  shape: readonly number[];
  /** Asked for once, when the tensor is written: a getter may read it from another file. */
  readonly data: Float32Array;
}
export interface ByteData {
  dtype: 'U8';
  shape: readonly number[];
  readonly data: Uint8Array;
}
/** Bytes of an element, widest type first. */
const SIZES = { F32: 4, F16: 2, U8: 1 };

/**
 * Writes a safetensors file, whole or not at all, a tensor at a time. Equal tensors give equal bytes: wider types come
 * first (so that every tensor is aligned), then names in alphabetical order.
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, TensorData | ByteData>>,
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  const names = Object.keys(tensors).sort();
  const sorted = Object.keys(SIZES).flatMap((dtype) => names.filter((name) => tensors[name]!.dtype === dtype));
  const entries: [string, unknown][] = [];
  if (metadata)
    entries.push(['__metadata__', Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)))]);
  let offset = 0;
  for (const name of sorted) {
    const { dtype, shape } = tensors[name]!;
    const bytes = shape.reduce((a, b) => a * b, SIZES[dtype]);
    entries.push([name, { dtype, shape, data_offsets: [offset, offset + bytes] }]);
    offset += bytes;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const header = Buffer.alloc(LENGTH_BYTES + Math.ceil(json.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - LENGTH_BYTES));
  json.copy(header, LENGTH_BYTES);

  await writeFileAtomic(
    path,
    (function* () {
      yield header as Uint8Array;
      for (const name of sorted) yield tensorBytes(name, tensors[name]!);
    })(),
  );
}

function tensorBytes(name: string, { dtype, shape, data }: TensorData | ByteData): Uint8Array {
  if (shape.reduce((a, b) => a * b, 1) !== data.length)
    throw new RangeError(`Tensor ${name}: shape [${shape.join(', ')}] does not hold ${data.length} values.`);
  if (dtype === 'U8') return data;
  if (dtype === 'F32') return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const bits = encodeFloat16(data);
  const overflow = bits.findIndex((value, i) => (value & 0x7fff) === 0x7c00 && Number.isFinite(data[i]));
  if (overflow >= 0)
    throw new RunError(
      `Tensor ${name} has the value ${data[overflow]}, which does not fit into float16 (at most 65504); write it as float32.`,
    );
  return new Uint8Array(bits.buffer);
}
