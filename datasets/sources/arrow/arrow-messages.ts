import { FlatTable } from './flatbuffer.ts';

/** Arrow's message and file formats: github.com/apache/arrow, format/Message.fbs, Schema.fbs and File.fbs. */

/** The parts of a schema's field that determine the layout of its batches. */
export interface Field {
  name: string;
  type: number;
  /** Of unions: whether each row has a place of its own in one of the children. */
  dense: boolean;
  encoded: boolean;
  dictionary: number | undefined;
  children: Field[];
}

export type Message =
  | { kind: 'schema'; fields: Field[]; body: number }
  | { kind: 'batch'; batch: Batch; body: number }
  | { kind: 'dictionary'; id: number; batch: Batch; body: number };

export interface Batch {
  length: number;
  /** Length and null count of each node in turn. */
  nodes: number[];
  /** Offset and length of each buffer in the body in turn. */
  buffers: number[];
  /** How many buffers of texts each column of views has. */
  views: number[];
  /** How the buffers are packed; undefined where they are not. */
  codec: number | undefined;
  /** Of the metadata, from 0. */
  version: number;
}

/** Location of a message: its offset, its length including the prefix, and the length of its body. */
export type Block = readonly [at: number, length: number, body: number];

const kinds = { 1: 'schema', 2: 'dictionary', 3: 'batch' } as const;

export function parseMessage(bytes: Uint8Array): Message {
  const message = FlatTable.root(bytes);
  const kind = kinds[message.int(1, 8) as keyof typeof kinds];
  const header = message.table(2);
  if (!kind || !header) throw new Error(`a message of the unknown kind ${message.int(1, 8)}`);
  checkTexts(message, 4);
  const body = message.int(3, 64);
  if (kind === 'schema') return { kind, fields: parseSchema(header), body };
  if (kind === 'batch') return { kind, batch: parseBatch(header, message.int(0, 16)), body };
  const data = header.table(1);
  if (!data) throw new Error('a dictionary without values');
  return { kind, id: header.int(0, 64), batch: parseBatch(data, message.int(0, 16)), body };
}

/** Parses a file's footer: the schema and the locations of the batches. */
export function parseFooter(bytes: Uint8Array): { fields: Field[]; dictionaries: Block[]; batches: Block[] } {
  const footer = FlatTable.root(bytes);
  const schema = footer.table(1);
  if (!schema) throw new Error('a footer without a schema');
  const blocks = (field: number): Block[] => {
    const numbers = footer.int64s(field, 24);
    // The second is a 32-bit number and four bytes of padding.
    return Array.from({ length: numbers.length / 3 }, (_, i) => [
      numbers[3 * i]!,
      Number(BigInt.asIntN(32, BigInt(numbers[3 * i + 1]!))),
      numbers[3 * i + 2]!,
    ]);
  };
  checkTexts(footer, 4);
  return { fields: parseSchema(schema), dictionaries: blocks(2), batches: blocks(3) };
}

function parseSchema(schema: FlatTable): Field[] {
  if (schema.int(0, 16) !== 0) throw new Error('big-endian numbers');
  checkTexts(schema, 2);
  schema.int64s(3, 8);
  return schema.tables(1).map(parseField);
}

function parseField(field: FlatTable): Field {
  const type = field.int(2, 8);
  const encoding = field.table(4);
  checkTexts(field, 6);
  if (type === union) field.table(3)?.int64s(1, 8);
  return {
    name: field.text(0),
    type,
    dense: type === union && field.table(3)?.int(0, 16) === 1,
    encoded: encoding !== undefined,
    dictionary: encoding?.int(0, 64),
    children: field.tables(5).map(parseField),
  };
}

const union = 14;

function parseBatch(batch: FlatTable, version: number): Batch {
  const compression = batch.table(3);
  if (compression && (compression.int(0, 8) > 1 || compression.int(1, 8) !== 0))
    throw new Error('bodies compressed by an unknown method');
  return {
    length: batch.int(0, 64),
    nodes: batch.int64s(1, 16),
    buffers: batch.int64s(2, 16),
    views: batch.int64s(4, 8),
    codec: compression?.int(0, 8),
    version,
  };
}

/** Checks a vector of metadata, which consists of pairs of texts. */
function checkTexts(table: FlatTable, field: number): void {
  for (const pair of table.tables(field)) [0, 1].forEach((each) => pair.text(each));
}
