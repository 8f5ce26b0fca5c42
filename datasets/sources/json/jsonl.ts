import { addRecord, emptyBatch, isFull, type PromptBatch } from '../batch.ts';
import { readLines } from '../text/lines.ts';
import { PromptFinder } from './json-objects.ts';

/**
 * Reads one JSON object per line; the first one's keys are the columns. An object without the prompt's key has no prompt
 * (null). A bare string is a prompt. Skips blank lines.
 */
export async function* readJsonLines(
  pieces: AsyncIterable<Buffer>,
  name: string,
  column?: string,
): AsyncGenerator<PromptBatch> {
  const finder = new PromptFinder(name, column);
  let line = 0;
  let batch = emptyBatch();
  for await (const lines of readLines(pieces, name)) {
    for (const text of lines) {
      line++;
      if (typeof text === 'string' && text.trim() === '') {
        batch.blank++;
        continue;
      }
      const found = typeof text === 'string' ? finder.find(text) : text;
      addRecord(batch, line, 'line', found);
      if (isFull(batch)) {
        yield batch;
        batch = emptyBatch();
      }
    }
  }
  yield batch;
}
