import type { CommentRule } from '../../rules/rule-names.ts';
import { batchSize, emptyBatch, type PromptBatch } from '../batch.ts';
import { readLines } from './lines.ts';

/** Start of a comment: `#` before white space or line end, as in "# portraits"; any `#`, as in sd-scripts; never. */
const comment: Readonly<Record<CommentRule, RegExp>> = { spaced: /^\s*#+(?:\s|$)/, hash: /^\s*#/, none: /(?!)/ };
export type { CommentRule };

/**
 * Reads one prompt per line. An empty line is an empty prompt, an empty file a blank line. By the rule `spaced`,
 * "#1 dad mug" and "#cyberpunk city" are prompts.
 */
export async function* readText(
  pieces: AsyncIterable<Buffer>,
  name: string,
  comments: CommentRule = 'spaced',
): AsyncGenerator<PromptBatch> {
  let line = 0;
  for await (const lines of readLines(pieces, name)) {
    for (let at = 0; at < lines.length; at += batchSize) {
      const batch = emptyBatch();
      for (const found of lines.slice(at, at + batchSize)) {
        line++;
        if (typeof found !== 'string') batch.faults.push({ row: line, unit: 'line', ...found });
        else if (comment[comments].test(found)) batch.comments++;
        else {
          batch.rows.push(line);
          batch.prompts.push(found);
        }
      }
      yield batch;
    }
  }
  if (line === 0) yield { ...emptyBatch(), blank: 1 };
}
