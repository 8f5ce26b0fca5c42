import { isUtf8 } from 'node:buffer';
import { addRecord, emptyBatch, isFull, type PromptBatch } from '../batch.ts';
import { jsonItems } from './json-items.ts';
import { usualColumns } from '../columns.ts';
import { PromptFinder } from './json-objects.ts';
import { notUtf8 } from '../text/utf8-text.ts';

/**
 * Reads the items of a JSON array, a sequence of JSON objects, or the entries of an object whose keys are file names (see
 * {@link PromptFinder}), one at a time, so that the file may be of any size.
 * @throws InputError for a file that ends within an item, and for an item of more than 16 MB
 */
export async function* readJson(
  pieces: AsyncIterable<Buffer>,
  name: string,
  column?: string,
): AsyncGenerator<PromptBatch> {
  const finder = new PromptFinder(name, column);
  let item = 0;
  let batch = emptyBatch();
  const { start, all } = await peeked(pieces);
  const entries = isKeyed(start.toString('utf8'), column);
  const find = (text: string) => (entries ? finder.findEntry(text) : finder.find(text));
  for await (const bytes of jsonItems(all, name, entries)) {
    item++;
    const found = isUtf8(bytes) ? find(bytes.toString('utf8')) : { reason: notUtf8(bytes) };
    addRecord(batch, item, 'item', found);
    if (isFull(batch)) {
      yield batch;
      batch = emptyBatch();
    }
  }
  yield batch;
}

const firstEntry = /^\s*\{\s*("(?:[^"\\]|\\.)*")\s*:\s*([{"])/;
/** Bytes needed to tell what a file is. */
const peekedBytes = 1 << 16;

/**
 * Returns whether a file is one object whose keys are file names: its first key has an extension, or its first value is an
 * object and its first key is not a column name.
 */
function isKeyed(start: string, wanted: string | undefined): boolean {
  const [, quoted, value] = firstEntry.exec(start) ?? [];
  if (quoted === undefined) return false;
  const key = quoted.slice(1, -1);
  const columns = wanted === undefined ? usualColumns : [wanted, wanted.split('.')[0]!];
  if (columns.some((column) => column.toLowerCase() === key.trim().toLowerCase())) return false;
  return value === '{' || /\.[a-z][a-z0-9]{1,4}$/i.test(key);
}

/** Returns the beginning of a file, and the whole file. */
async function peeked(pieces: AsyncIterable<Buffer>): Promise<{ start: Buffer; all: AsyncIterable<Buffer> }> {
  const iterator = pieces[Symbol.asyncIterator]();
  let start: Buffer = Buffer.alloc(0);
  while (start.length < peekedBytes) {
    const { value, done } = await iterator.next();
    if (done) break;
    start = Buffer.concat([start, value]);
  }
  const rest: AsyncIterable<Buffer> = { [Symbol.asyncIterator]: () => iterator };
  async function* all(): AsyncGenerator<Buffer> {
    yield start;
    yield* rest;
  }
  return { start, all: all() };
}
