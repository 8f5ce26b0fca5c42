import type { Levels } from './page-levels.ts';
import { readStruct, type Struct, type Value } from './thrift.ts';

/** Metadata of a Parquet file (github.com/apache/parquet-format, parquet.thrift), checked for consistency. */
export interface Footer {
  rows: number;
  columns: Column[];
  groups: Group[];
}

/** A column of the table: its name, and its leaves' indices. */
interface Column {
  name: string;
  leaves: [first: number, behind: number];
}

interface Group {
  rows: number;
  /** One per leaf. */
  chunks: Chunk[];
}

/** Location of a leaf's pages. */
export interface Chunk {
  start: number;
  end: number;
  values: number;
  /** How many of the values are null, where the file says so. */
  nulls: number | undefined;
  codec: number;
  /** Rows of its group. */
  rows: number;
  levels: Levels;
  /** Whether the values are byte arrays, as all texts are. */
  texts: boolean;
}

/** Bytes at both ends: "PAR1", and the footer's length with "PAR1". */
const [head, tail] = [4, 8];
const magic = 'PAR1';
const deepest = 64;
const [OPTIONAL, REPEATED] = [1, 2];
const BYTE_ARRAY = 6;
/** More rows per byte of the file than any table of texts has. */
const mostRowsPerByte = 10_000;

/**
 * Reads a footer and checks it against the file: lengths, offsets, counts.
 * @param size size of the file in bytes
 * @param read reads bytes of the file
 * @throws Error naming the inconsistency
 */
export async function readFooter(size: number, read: (at: number, length: number) => Promise<Buffer>): Promise<Footer> {
  if (size < head + tail) throw new Error(`${size} bytes are not a Parquet file`);
  const end = await read(size - tail, tail);
  const [first, last] = [(await read(0, head)).toString('latin1'), end.toString('latin1', 4)];
  if (last === 'PARE') throw new Error('its footer is encrypted');
  if (first !== magic || last !== magic)
    throw new Error(`the mark at its ${first === magic ? 'end' : 'start'} is missing`);
  const length = end.readUInt32LE(0);
  const start = size - tail - length;
  if (start < head) throw new Error(`a footer of ${length} bytes in a file of ${size}`);
  const { value } = readStruct(await read(start, length));

  const { columns, leaves } = schemaOf(structs(value, 2, 'schema'));
  const groups = structs(value, 4, 'row groups').map((group, i) => groupOf(group, leaves, start, `row group ${i + 1}`));
  const rows = number(value, 3, 'number of rows');
  const sum = groups.reduce((all, group) => all + group.rows, 0);
  if (sum !== rows) throw new Error(`its footer says ${rows} rows, its row groups have ${sum}`);
  if (groups.length === 0 && start > head)
    throw new Error(`its footer says 0 rows, but ${start - head} bytes precede it`);
  if (rows > mostRowsPerByte * size && rows > 1e8) throw new Error(`${rows} rows in ${size} bytes`);
  const chunks = groups.flatMap((group) => group.chunks).sort((a, b) => a.start - b.start);
  chunks.forEach(({ start, end }, i) => {
    if (i > 0 && start < chunks[i - 1]!.end && end > start) throw new Error('two columns share the same bytes');
  });
  return { rows, columns, groups };
}

/** Returns the columns, and the highest levels of each leaf. */
function schemaOf(elements: readonly Struct[]): { columns: Column[]; leaves: Levels[] } {
  const leaves: Levels[] = [];
  let at = 0;
  const visit = (depth: number, above: Levels): string => {
    const element = elements[at++];
    if (!element) throw new Error('its schema lacks elements');
    if (depth > deepest) throw new Error(`a schema nested more than ${deepest} times`);
    const repetition = element.get(3);
    const levels = {
      repetitions: above.repetitions + (repetition === REPEATED ? 1 : 0),
      definitions: above.definitions + (repetition === REPEATED || repetition === OPTIONAL ? 1 : 0),
    };
    const children = Number(element.get(5) ?? 0);
    if (element.get(1) !== undefined && children === 0) leaves.push(levels);
    else for (let i = 0; i < children; i++) visit(depth + 1, levels);
    return text(element, 4);
  };
  const root = elements[0];
  const count = Number(root?.get(5) ?? 0);
  if (!root || count < 0) throw new Error('its schema has no root');
  at = 1;
  const columns = Array.from({ length: Math.min(count, elements.length) }, (): Column => {
    const first = leaves.length;
    const name = visit(1, { repetitions: 0, definitions: 0 });
    return { name, leaves: [first, leaves.length] };
  });
  if (at !== elements.length || columns.length < count) throw new Error('its schema does not add up');
  return { columns, leaves };
}

function groupOf(group: Struct, leaves: readonly Levels[], end: number, where: string): Group {
  const rows = number(group, 3, `number of rows of ${where}`);
  const chunks = structs(group, 1, `columns of ${where}`).map((chunk, leaf): Chunk => {
    if (chunk.has(1)) throw new Error(`${where} is in another file`);
    const details = chunk.get(3);
    if (!(details instanceof Map)) throw new Error(`${where} lacks the metadata of a column`);
    const [values, size, data] = [5, 7, 9].map((field) => number(details, field, `column ${leaf + 1} of ${where}`));
    const dictionary = Number(details.get(11) ?? 0);
    // Without values there may be a dictionary but no data page.
    const from = dictionary > 0 && (data! > dictionary || values === 0) ? dictionary : data!;
    if ((values! > 0 || size! > 0) && (from < head || from + size! > end || (values! > 0 && data! >= from + size!)))
      throw new Error(`column ${leaf + 1} of ${where} lies beyond the data: ${size} bytes at ${from}`);
    const levels = leaves[leaf] ?? { repetitions: 0, definitions: 0 };
    if (levels.repetitions === 0 && values !== rows)
      throw new Error(`column ${leaf + 1} of ${where} has ${values} values for ${rows} rows`);
    const nulls = nullsOf(details, values!, `column ${leaf + 1} of ${where}`);
    return {
      start: from,
      end: from + size!,
      values: values!,
      nulls,
      codec: Number(details.get(4) ?? -1),
      rows,
      levels,
      texts: details.get(1) === BYTE_ARRAY,
    };
  });
  if (chunks.length !== leaves.length)
    throw new Error(`${where} has ${chunks.length} columns, the schema ${leaves.length}`);
  return { rows, chunks };
}

/** How many values are null, by a column's statistics and by the histogram of its definition levels. */
function nullsOf(details: Struct, values: number, where: string): number | undefined {
  const stated = statedNulls(details.get(12), 3);
  const sizes = details.get(16);
  const levels = sizes instanceof Map ? (sizes as Struct).get(3) : undefined;
  const present = Array.isArray(levels) && levels.length > 1 ? (levels as Value[]).at(-1) : undefined;
  const counted = typeof present === 'number' ? values - present : undefined;
  if (stated !== undefined && counted !== undefined && stated !== counted)
    throw new Error(`${where} has ${stated} nulls by its statistics, ${counted} by its histogram`);
  const nulls = stated ?? counted;
  if (nulls !== undefined && !(nulls >= 0 && nulls <= values))
    throw new Error(`${where} has ${nulls} nulls among ${values} values`);
  return nulls;
}

/** A count of nulls in statistics; old writers put a negative number for one that they do not know. */
export function statedNulls(statistics: Value | undefined, field: number): number | undefined {
  const count = statistics instanceof Map ? (statistics as Struct).get(field) : undefined;
  return typeof count === 'number' && count >= 0 ? count : undefined;
}

export function number(struct: Struct, field: number, what: string): number {
  const value = struct.get(field);
  if (typeof value !== 'number' || !(value >= 0) || value > Number.MAX_SAFE_INTEGER)
    throw new Error(`${what}: ${typeof value === 'number' ? value : 'missing'}`);
  return value;
}

function structs(struct: Struct, field: number, what: string): Struct[] {
  const list: Value | undefined = struct.get(field);
  if (!Array.isArray(list) || !list.every((each: unknown) => each instanceof Map)) throw new Error(`no ${what}`);
  return list as Struct[];
}

function text(struct: Struct, field: number): string {
  const value = struct.get(field);
  if (!(value instanceof Uint8Array)) throw new Error('a column without a name');
  return Buffer.from(value).toString('utf8');
}
