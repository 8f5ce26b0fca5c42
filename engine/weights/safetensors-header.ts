import { InputError } from '../../common/errors.ts';
import { reasonOf } from '../../common/text/reason.ts';
import { cut, short } from '../../common/text/short.ts';

export interface TensorInfo {
  dtype: string;
  shape: number[];
  /** Byte range within the data section. */
  begin: number;
  end: number;
}

// prettier-ignore
const BYTES_PER_ELEMENT: Readonly<Record<string, number>> = {
  BOOL: 1, U8: 1, I8: 1, F8_E4M3: 1, F8_E5M2: 1, F8_E8M0: 1, U16: 2, I16: 2, F16: 2, BF16: 2,
  U32: 4, I32: 4, F32: 4, U64: 8, I64: 8, F64: 8, C64: 8,
};

/**
 * Parses and checks a safetensors header. The file is not trusted: every tensor must have a known type and a shape that
 * agrees with its byte range, and the ranges must cover the data section without a gap or an overlap.
 * @throws InputError that names the file and, where there is one, the tensor.
 */
export function parseHeader(
  path: string,
  header: Uint8Array,
  dataBytes: number,
): { tensors: Map<string, TensorInfo>; metadata: Record<string, string> } {
  const tensors = new Map<string, TensorInfo>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(parseObject(path, header)))
    if (name === '__metadata__') metadata = parseMetadata(path, value);
    else tensors.set(name, parseTensor(path, name, value, dataBytes));
  checkCoverage(path, tensors, dataBytes);
  return { tensors, metadata };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseObject(path: string, header: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(header));
  } catch (error) {
    throw new InputError(`${path} is not a safetensors file: its header is not JSON in UTF-8 (${reasonOf(error)}).`);
  }
  if (!isObject(value)) throw new InputError(`${path} is not a safetensors file: its header is not a JSON object.`);
  return value;
}

function parseMetadata(path: string, value: unknown): Record<string, string> {
  if (!isObject(value) || Object.values(value).some((item) => typeof item !== 'string'))
    throw new InputError(`${path}: __metadata__ in the header must map names to strings.`);
  return value as Record<string, string>;
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function parseTensor(path: string, name: string, value: unknown, dataBytes: number): TensorInfo {
  const fail = (problem: string): never => {
    throw new InputError(`Tensor ${cut(name, 200)} in ${path} ${problem}.`);
  };
  if (!isObject(value)) return fail('has no description in the header');
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(BYTES_PER_ELEMENT, dtype))
    return fail(`has the unknown dtype ${short(dtype)}; known are ${Object.keys(BYTES_PER_ELEMENT).join(', ')}`);
  if (!Array.isArray(shape) || !shape.every(isSize))
    return fail(`has the shape ${short(shape)}; expected a list of non-negative integers`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize))
    return fail(`has the data_offsets ${short(offsets)}; expected two non-negative integers`);
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > dataBytes)
    return fail(
      `lies at bytes ${begin} to ${end} of ${dataBytes} bytes of data: the file is truncated or its header is wrong`,
    );
  const expected = shape.reduce((a, b) => a * b, BYTES_PER_ELEMENT[dtype]!);
  if (expected !== end - begin)
    return fail(`has ${end - begin} bytes, but dtype ${dtype} and shape ${short(shape)} need ${expected}`);
  return { dtype, shape, begin, end };
}

function checkCoverage(path: string, tensors: Map<string, TensorInfo>, dataBytes: number): void {
  let covered = 0;
  let previous = 'the header';
  for (const [name, { begin, end }] of [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (begin < covered)
      throw new InputError(`Tensors ${previous} and ${name} in ${path} overlap at byte ${begin} of the data.`);
    if (begin > covered)
      throw new InputError(`${path} has ${begin - covered} bytes that belong to no tensor, before tensor ${name}.`);
    covered = end;
    previous = name;
  }
  if (covered < dataBytes)
    throw new InputError(`${path} has ${dataBytes - covered} bytes after its last tensor, which belong to none.`);
}
