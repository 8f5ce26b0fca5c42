import { isUtf8 } from 'node:buffer';
import { emptyBatch, isFull, type PromptBatch } from './batch.ts';
import { jsonItems } from './json-items.ts';
import { PromptFinder } from './objects.ts';
import { notUtf8 } from './utf8.ts';

/**
 * The items of a JSON array, or JSON objects one after the other (see {@link PromptFinder}), read item by
 * item, so that the file may be of any size.
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
  for await (const bytes of jsonItems(pieces, name)) {
    item++;
    const found = isUtf8(bytes) ? finder.find(bytes.toString('utf8')) : { reason: notUtf8(bytes) };
    if (found !== null && typeof found === 'object') batch.faults.push({ row: item, unit: 'item', ...found });
    else {
      batch.rows.push(item);
      batch.prompts.push(found);
    }
    if (isFull(batch)) {
      yield batch;
      batch = emptyBatch();
    }
  }
  yield batch;
}
