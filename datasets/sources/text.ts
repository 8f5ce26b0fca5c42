import { batchSize, emptyBatch, type PromptBatch } from './batch.ts';
import { readLines } from './lines.ts';

/** A prompt a line; an empty line is an empty prompt. */
export async function* readText(pieces: AsyncIterable<Buffer>, name: string): AsyncGenerator<PromptBatch> {
  let line = 0;
  for await (const lines of readLines(pieces, name)) {
    for (let at = 0; at < lines.length; at += batchSize) {
      const batch = emptyBatch();
      for (const found of lines.slice(at, at + batchSize)) {
        line++;
        if (typeof found !== 'string') batch.faults.push({ row: line, unit: 'line', ...found });
        else {
          batch.rows.push(line);
          batch.prompts.push(found);
        }
      }
      yield batch;
    }
  }
}
