import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { InputError, RunError } from '../common/errors.ts';
import { writeFileAtomic } from '../common/files.ts';
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
  /** A floating-point tensor's values (F64, F32, F16, BF16), read from the file now. */
  float32(name: string): Float32Array;
}

/** Reads and checks the header; the tensors' data stay in the file until they are asked for. Bad files are InputErrors. */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const { header, dataStart, size } = await readHeader(path);
  const { tensors, metadata } = parseHeader(path, header, size - dataStart);
  const find = (name: string): TensorInfo => {
    const info = tensors.get(name);
    if (!info) throw new InputError(`${path} has no tensor ${name}.`);
    return info;
  };
  const data = (name: string): Uint8Array => {
    const { begin, end } = find(name);
    return readRange(path, name, dataStart + begin, end - begin);
  };
  return {
    path,
    metadata,
    names: [...tensors.keys()].sort(),
    has: (name) => tensors.has(name),
    info: (name) => ({ dtype: find(name).dtype, shape: [...find(name).shape] }),
    data,
    float32: (name) => toFloat32(path, name, find(name).dtype, data(name)),
  };
}

async function readHeader(path: string): Promise<{ header: Uint8Array; dataStart: number; size: number }> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new InputError(
      `Cannot read the weight file ${path}: ${error.code === 'ENOENT' ? 'it does not exist' : error.message}.`,
    );
  });
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new InputError(`Cannot read the weight file ${path}: it is not a file.`);
    const prefix = Buffer.alloc(8);
    const { bytesRead } = await file.read(prefix, 0, 8, 0);
    if (bytesRead < 8)
      throw new InputError(
        `${path} is not a safetensors file: it has ${bytesRead} bytes, fewer than the 8 of the header's length.`,
      );
    const length = prefix.readBigUInt64LE();
    if (length > BigInt(stat.size - 8))
      throw new InputError(
        `${path} is truncated or not a safetensors file: its header is said to have ${length} bytes, but only ${stat.size - 8} follow.`,
      );
    if (length > BigInt(MAX_HEADER_BYTES))
      throw new InputError(
        `${path}: its header is said to have ${length} bytes; the format allows ${MAX_HEADER_BYTES}.`,
      );
    const header = Buffer.alloc(Number(length));
    await file.read(header, 0, header.length, 8);
    return { header, dataStart: 8 + header.length, size: stat.size };
  } finally {
    await file.close();
  }
}

/** The reference implementation's limit. */
const MAX_HEADER_BYTES = 100_000_000;
/** What one read call may ask for: Linux stops at 2^31 - 4096. */
const MAX_READ_BYTES = 2 ** 30;

function readRange(path: string, name: string, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const file = openSync(path, 'r');
  try {
    for (let done = 0; done < length;) {
      const read = readSync(file, bytes, done, Math.min(length - done, MAX_READ_BYTES), position + done);
      if (read === 0) throw new InputError(`${path} ended inside tensor ${name}: it was cut while it was being read.`);
      done += read;
    }
  } finally {
    closeSync(file);
  }
  return bytes;
}

function toFloat32(path: string, name: string, dtype: string, bytes: Uint8Array): Float32Array {
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
      throw new InputError(`Tensor ${name} in ${path} has dtype ${dtype}; expected F32, F16, BF16 or F64.`);
  }
}

export interface TensorData {
  dtype: 'F32' | 'F16';
  shape: readonly number[];
  data: Float32Array;
}

/**
 * Writes a safetensors file, whole or not at all. Equal tensors give equal bytes: wider types come first (so that every
 * tensor is aligned), then names in alphabetical order.
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, TensorData>>,
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  const names = Object.keys(tensors).sort();
  const sorted = [
    ...names.filter((n) => tensors[n]!.dtype === 'F32'),
    ...names.filter((n) => tensors[n]!.dtype === 'F16'),
  ];
  const entries: [string, unknown][] = [];
  if (metadata)
    entries.push(['__metadata__', Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)))]);
  let offset = 0;
  for (const name of sorted) {
    const { dtype, shape, data } = tensors[name]!;
    if (shape.reduce((a, b) => a * b, 1) !== data.length)
      throw new RangeError(`Tensor ${name}: shape [${shape.join(', ')}] does not hold ${data.length} values.`);
    const bytes = data.length * (dtype === 'F32' ? 4 : 2);
    entries.push([name, { dtype, shape, data_offsets: [offset, offset + bytes] }]);
    offset += bytes;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - 8));
  json.copy(header, 8);

  await writeFileAtomic(
    path,
    (function* () {
      yield header as Uint8Array;
      for (const name of sorted) yield tensorBytes(name, tensors[name]!);
    })(),
  );
}

function tensorBytes(name: string, { dtype, data }: TensorData): Uint8Array {
  if (dtype === 'F32') return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const bits = encodeFloat16(data);
  const overflow = bits.findIndex((value, i) => (value & 0x7fff) === 0x7c00 && Number.isFinite(data[i]));
  if (overflow >= 0)
    throw new RunError(
      `Tensor ${name} has the value ${data[overflow]}, which does not fit into float16 (at most 65504); write it as float32.`,
    );
  return new Uint8Array(bits.buffer);
}
