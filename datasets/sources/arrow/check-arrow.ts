import type { FileHandle } from 'node:fs/promises';
import { parseFooter, parseMessage, type Batch, type Field, type Message } from './arrow-messages.ts';
import { bufferContent } from './codecs.ts';
import { nodesOf } from './batch-nodes.ts';

/** Magic bytes at both ends of a file. */
const fileMagic = 'ARROW1';
const continuation = 0xffffffff;
const mostRows = 2 ** 31 - 1;

/**
 * Checks that the messages of an Arrow file or stream are consistent in lengths, offsets, counts and nulls, without gaps
 * between them, so that later reads can neither loop nor leave the file.
 * @returns the columns
 * @throws Error naming the inconsistency
 */
export async function checkMessages(file: FileHandle): Promise<readonly Field[]> {
  const { size } = await file.stat();
  const read = async (at: number, length: number): Promise<Buffer> => {
    if (!(length >= 0 && at >= 0 && at + length <= size)) throw new Error(`${length} bytes at ${at} of ${size}`);
    const bytes = Buffer.alloc(length);
    await file.read(bytes, 0, length, at);
    return bytes;
  };
  const isFile = (await read(0, Math.min(6, size))).toString('latin1') === fileMagic;
  return (isFile ? checkFile : checkStream)(size, read);
}

type Read = (at: number, length: number) => Promise<Buffer>;

/** Checks a file: the batches that its footer names follow each other from the schema up to the footer. */
async function checkFile(size: number, read: Read): Promise<readonly Field[]> {
  const end = size < 18 ? Buffer.alloc(10) : await read(size - 10, 10);
  if (end.toString('latin1', 4) !== fileMagic) throw new Error('the mark at the end of the file is missing');
  const length = end.readInt32LE(0);
  const start = size - 10 - length;
  if (length <= 0 || start < 8) throw new Error(`a footer of ${length} bytes in a file of ${size}`);
  const { fields, dictionaries, batches } = parseFooter(await read(start, length));

  // Some writers put the schema there without a message prefix.
  let at = 8;
  const first = await messageAt(8, start, read).catch(() => undefined);
  const schema = first?.message?.kind === 'schema' ? first.message : undefined;
  const exact = first !== undefined && schema !== undefined;
  if (exact) {
    if (JSON.stringify(schema.fields) !== JSON.stringify(fields))
      throw new Error('its footer has another schema than its beginning');
    at = first.end;
  } else if (first?.message && ![...dictionaries, ...batches].some(([place]) => place === at))
    throw new Error('it begins with a batch that its footer does not name');
  const blocks = [...dictionaries, ...batches].sort((a, b) => a[0] - b[0]);
  for (const [i, [place, meta, body]] of blocks.entries()) {
    if (i === 0 && !exact ? place < at || place - at > length + 256 : place !== at)
      throw new Error(`a gap at byte ${at}`);
    const { message, end } = await messageAt(place, start, read);
    if (message?.body !== body || end !== place + meta + body) throw new Error(`another message at byte ${place}`);
    const named = (message.kind === 'batch' ? batches : dictionaries).some((each) => each[0] === place);
    if (message.kind === 'schema' || !named) throw new Error(`another message at byte ${place}`);
    await checkMessage(message, fields, bodyOf(message, end, read));
    at = end;
  }
  const room = exact || blocks.length > 0 ? 64 : length + 256;
  if (start - at > room) throw new Error(`${start - at} bytes before the footer that it does not name`);
  return fields;
}

/** Checks a stream: its messages follow each other up to its end. */
async function checkStream(size: number, read: Read): Promise<readonly Field[]> {
  let at = 0;
  let fields: Field[] | undefined;
  while (at < size) {
    const { message, end } = await messageAt(at, size, read);
    if (!message) {
      if (end < size) throw new Error(`the stream ends at byte ${end}, the file at ${size}`);
      return fields ?? [];
    }
    if (message.kind !== 'schema' && !fields) throw new Error('no schema before the first batch');
    if (message.kind === 'schema' && fields) throw new Error('a second schema');
    if (message.kind === 'schema') fields = message.fields;
    else await checkMessage(message, fields!, bodyOf(message, end, read));
    at = end;
  }
  throw new Error('the mark at the end of a stream is missing');
}

/** Reads the message at an offset, or none at the end of a stream, and the offset behind its body. */
async function messageAt(at: number, size: number, read: Read) {
  const head = await read(at, Math.min(8, size - at));
  if (head.length < 4) throw new Error(`${head.length} bytes after the last message`);
  const before = head.readUInt32LE(0) === continuation ? 8 : 4; // before version 0.15 there was no marker
  if (head.length < before) throw new Error('the mark at the end of a stream is missing');
  const length = head.readInt32LE(before - 4);
  if (length === 0) return { message: undefined, end: at + before };
  if (length < 0 || at + before + length > size)
    throw new Error(`a message of ${length} bytes at byte ${at}, beyond the end of the data`);
  const message = parseMessage(await read(at + before, length));
  const end = at + before + length + message.body;
  if (!(message.body >= 0 && end <= size))
    throw new Error(`a body of ${message.body} bytes at byte ${at}, beyond the end of the data`);
  return { message, end };
}

/** Reads from a message's body, which ends at `end`. */
const bodyOf =
  ({ body }: Message, end: number, read: Read): Read =>
  (at, length) =>
    read(end - body + at, length);

async function checkMessage(message: Message, fields: readonly Field[], read: Read): Promise<void> {
  if (message.kind === 'batch') await checkBatch(message.batch, fields, message.body, read);
  if (message.kind !== 'dictionary') return;
  const field = fieldOf(fields, message.id);
  if (!field) throw new Error(`a dictionary ${message.id} that no column has`);
  await checkBatch(message.batch, [{ ...field, encoded: false }], message.body, read);
}

function fieldOf(fields: readonly Field[], dictionary: number): Field | undefined {
  for (const field of fields) {
    const found = field.dictionary === dictionary ? field : fieldOf(field.children, dictionary);
    if (found) return found;
  }
  return undefined;
}

/** Checks a batch: one node per field, all columns of its length, its buffers in order within its body, and its nulls. */
async function checkBatch(batch: Batch, fields: readonly Field[], body: number, read: Read): Promise<void> {
  const { length, buffers } = batch;
  if (!(length >= 0 && length <= mostRows)) throw new Error(`a batch of ${length} rows`);
  let behind = 0;
  for (let i = 0; i < buffers.length; i += 2) {
    const [offset, size] = [buffers[i]!, buffers[i + 1]!];
    if (!(size >= 0)) throw new Error(`a buffer of ${size} bytes`);
    if (size === 0) continue;
    if (!(offset >= behind && offset + size <= body))
      throw new Error(`a buffer of ${size} bytes at ${offset} in a body of ${body}`);
    behind = offset + size;
  }
  const nodes = nodesOf(batch, fields);
  for (const { field, rows, nulls } of nodes)
    if (!(rows >= 0 && rows <= mostRows && nulls >= 0 && nulls <= rows) || (fields.includes(field) && rows !== length))
      throw new Error(`the column "${field.name}" has ${rows} rows and ${nulls} nulls in a batch of ${length} rows`);
  for (const { field, rows, nulls, validity } of nodes) {
    if (!validity || rows === 0) continue;
    const [offset, size] = validity;
    // Without nulls there may be no bitmap.
    const bitmap = size === 0 ? undefined : bufferContent(await read(offset, size), batch.codec);
    if (bitmap && 8 * bitmap.length < rows)
      throw new Error(`the column "${field.name}": ${8 * bitmap.length} marks for ${rows} rows`);
    const found = bitmap ? zeros(bitmap, rows) : 0;
    if (found !== nulls) throw new Error(`the column "${field.name}": ${nulls} nulls are stated, ${found} found`);
  }
}

/** How many of the first bits are 0. */
function zeros(bitmap: Uint8Array, bits: number): number {
  let count = 0;
  for (let bit = 0; bit < bits; bit++) count += ((bitmap[bit >> 3]! >> (bit & 7)) & 1) ^ 1;
  return count;
}
