import { DataType, type Data } from 'apache-arrow';
import { isAscii, isUtf8 } from 'node:buffer';
import { InputError } from '../../../common/errors.ts';
import { isIndex } from '../columns.ts';

/** Returns the value of a row: text, bytes that are not valid UTF-8, or null. */
export type Cells = (row: number) => string | Uint8Array | null;

/**
 * Finds the texts of a batch's column by a path through its structs, lists and maps. Checks all offsets and indices first,
 * so that none leads out of its buffer.
 * @param label the column's name in messages
 * @returns the values, and the remaining keys if the path continues inside a text
 * @throws InputError if the path does not lead to text; Error for damaged buffers
 */
export function cellsOf(
  data: Data,
  keys: readonly string[],
  { name, label }: { name: string; label: string },
): { cells: Cells; keys: readonly string[] } {
  const { type } = data;
  const [key, ...rest] = keys;
  const next = { name, label: `${label}.${key}` };
  const refused = (said: string): InputError => new InputError(`${name}: the column "${label}" ${said}.`);
  if (DataType.isNull(type)) return { cells: () => null, keys: [] };
  if (DataType.isDictionary(type)) {
    const { cells, keys: left } = dictionaryCells(data, keys, { name, label });
    return { cells, keys: left };
  }
  if (isText(type)) return { cells: textCells(data, label), keys };
  if (key === undefined) throw refused(`holds ${String(type)}; expected text`);
  if (DataType.isStruct(type)) {
    const same = (one: string): boolean => one.toLowerCase() === key.toLowerCase();
    const exact = type.children.findIndex((field) => field.name === key);
    const at = exact >= 0 ? exact : type.children.findIndex((field) => same(field.name));
    if (at < 0) throw refused(`has no "${key}"; it has ${type.children.map((each) => `"${each.name}"`).join(', ')}`);
    const child = data.children[at]!;
    if (child.length < data.length) throw damaged(label, `${child.length} values for ${data.length} rows`);
    const { cells, keys: left } = cellsOf(child, rest, next);
    return { cells: (row) => (data.getValid(row) ? cells(row) : null), keys: left };
  }
  if (DataType.isList(type) || DataType.isLargeList(type) || DataType.isMap(type) || DataType.isFixedSizeList(type)) {
    const ranges = rangesOf(data, label);
    const child = data.children[0]!;
    if (DataType.isMap(type)) return mapCells(data, ranges, keys, { name, label });
    if (!isIndex(key)) throw refused(`holds lists; name an element, such as ${label}.0.${key}`);
    const { cells, keys: left } = cellsOf(child, rest, next);
    const at = (row: number): number => ranges(row)[0] + Number(key);
    return { cells: (row) => (data.getValid(row) && at(row) < ranges(row)[1] ? cells(at(row)) : null), keys: left };
  }
  throw refused(`holds ${String(type)}, which has no "${key}"`);
}

/** Returns the values of a key in maps, whose entries are structs of a key and a value. */
function mapCells(
  data: Data,
  ranges: (row: number) => [number, number],
  [key = '', ...rest]: readonly string[],
  { name, label }: { name: string; label: string },
): { cells: Cells; keys: readonly string[] } {
  const [own, values] = data.children[0]!.children as [Data, Data];
  const { cells: keyOf } = cellsOf(own, [], { name, label: `${label}'s keys` });
  const { cells, keys } = cellsOf(values, rest, { name, label: `${label}.${key}` });
  const find: Cells = (row) => {
    if (!data.getValid(row)) return null;
    for (let [at, end] = ranges(row); at < end; at++) if (keyOf(at) === key) return cells(at);
    return null;
  };
  return { cells: find, keys };
}

function dictionaryCells(
  data: Data,
  keys: readonly string[],
  where: { name: string; label: string },
): { cells: Cells; keys: readonly string[] } {
  const chunks = data.dictionary?.data ?? [];
  const parts = chunks.map((chunk) => ({ length: chunk.length, ...cellsOf(chunk, keys, where) }));
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  const indices = data.values as ArrayLike<number | bigint>;
  if (indices.length < data.length) throw damaged(where.label, `${indices.length} indices for ${data.length} rows`);
  for (let row = 0; row < data.length; row++) {
    if (data.getValid(row) && !(indices[row]! >= 0 && indices[row]! < size))
      throw damaged(where.label, `row ${row + 1} of a batch has the index ${indices[row]} in a dictionary of ${size}`);
  }
  const cells: Cells = (row) => {
    if (!data.getValid(row)) return null;
    let at = Number(indices[row]);
    for (const part of parts) {
      if (at < part.length) return part.cells(at);
      at -= part.length;
    }
    return null;
  };
  return { cells, keys: parts[0]?.keys ?? keys };
}

function textCells(data: Data, label: string): Cells {
  const { type } = data;
  const bytesOf = DataType.isUtf8View(type) || DataType.isBinaryView(type) ? viewed(data, label) : ranged(data, label);
  return (row) => {
    if (!data.getValid(row)) return null;
    const bytes = bytesOf(row);
    return isAscii(bytes) || isUtf8(bytes) ? utf8.decode(bytes) : bytes;
  };
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

function ranged(data: Data, label: string): (row: number) => Uint8Array {
  const ranges = rangesOf(data, label);
  const values = data.values as Uint8Array;
  return (row) => values.subarray(...ranges(row));
}

/** Returns the bytes of 16-byte views: up to twelve bytes inline, longer ones in another buffer. */
function viewed(data: Data, label: string): (row: number) => Uint8Array {
  const { length, offset } = data;
  const own = data as unknown as { values: Uint8Array; variadicBuffers: readonly Uint8Array[] };
  const views = own.values;
  if (views.byteLength < 16 * (offset + length))
    throw damaged(label, `${views.byteLength / 16} views for ${length} rows`);
  const view = new DataView(views.buffer, views.byteOffset, views.byteLength);
  return (row) => {
    const at = 16 * (offset + row);
    const size = view.getInt32(at, true);
    if (size >= 0 && size <= 12) return views.subarray(at + 4, at + 4 + size);
    const [index, start] = [view.getInt32(at + 8, true), view.getInt32(at + 12, true)];
    const buffer = own.variadicBuffers[index];
    if (!buffer || size < 0 || start < 0 || start + size > buffer.byteLength)
      throw damaged(label, `a text of ${size} bytes at ${start} of buffer ${index}`);
    return buffer.subarray(start, start + size);
  };
}

/** Returns the range of each row's values; checks that ranges are ordered and within bounds. */
function rangesOf(data: Data, label: string): (row: number) => [number, number] {
  const { length, type } = data;
  const within = isText(type) ? (data.values as Uint8Array).length : data.children[0]!.length;
  if (DataType.isFixedSizeList(type)) {
    const size = type.listSize;
    if (size * (data.offset + length) > within) throw damaged(label, `${within} values for ${length} lists of ${size}`);
    return (row) => [size * (data.offset + row), size * (data.offset + row + 1)];
  }
  const offsets = (data.valueOffsets as ArrayLike<number | bigint> | undefined) ?? [];
  if (length > 0 && offsets.length < length + 1) throw damaged(label, `${offsets.length} offsets for ${length} rows`);
  for (let row = 0; row < length; row++) {
    const [from, to] = [offsets[row]!, offsets[row + 1]!];
    if (!(from >= 0 && to >= from && to <= within))
      throw damaged(label, `row ${row + 1} of a batch lies from ${from} to ${to} of ${within}`);
  }
  return (row) => [Number(offsets[row]), Number(offsets[row + 1])];
}

function isText(type: DataType): boolean {
  return (
    DataType.isUtf8(type) ||
    DataType.isLargeUtf8(type) ||
    DataType.isUtf8View(type) ||
    DataType.isBinary(type) ||
    DataType.isLargeBinary(type) ||
    DataType.isBinaryView(type)
  );
}

function damaged(label: string, said: string): Error {
  return new Error(`the column "${label}": ${said}`);
}
