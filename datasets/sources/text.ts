import { batchSize, type PromptBatch } from './batch.ts';
import { readLines } from './lines.ts';

/** A prompt a line; an empty line is an empty prompt. */
export async function* readText(path: string, name: string): AsyncGenerator<PromptBatch> {
  let line = 1;
  for await (const lines of readLines(path, name)) {
    for (let at = 0; at < lines.length; at += batchSize) {
      const prompts = lines.slice(at, at + batchSize);
      yield { rows: prompts.map((_, i) => line + i), prompts };
      line += prompts.length;
    }
  }
}
