import { InputError } from '../../common/errors.ts';
import { batchSize, type PromptBatch } from './batch.ts';
import { promptColumn } from './columns.ts';
import { readLines } from './lines.ts';

/**
 * A JSON object a line; the first one's keys are the columns. An object without the prompt's key has no prompt (null).
 * Blank lines are passed over.
 * @throws InputError naming the line that is no JSON object, or whose prompt is no text
 */
export async function* readJsonLines(path: string, name: string, column?: string): AsyncGenerator<PromptBatch> {
  let key: string | undefined;
  let line = 0;
  let batch: PromptBatch = { rows: [], prompts: [] };
  for await (const lines of readLines(path, name)) {
    for (const text of lines) {
      line++;
      if (text.trim() === '') continue;
      const record = parseObject(text, `${name}: line ${line}`);
      if (key === undefined) {
        const columns = Object.keys(record);
        key = columns[promptColumn(name, columns, column)]!;
      }
      const value = record[key] ?? null;
      if (value !== null && typeof value !== 'string') {
        throw new InputError(
          `${name}: line ${line}: "${key}" is ${JSON.stringify(value).slice(0, 60)}; expected text or null.`,
        );
      }
      batch.rows.push(line);
      batch.prompts.push(value);
      if (batch.rows.length === batchSize) {
        yield batch;
        batch = { rows: [], prompts: [] };
      }
    }
  }
  if (batch.rows.length > 0) yield batch;
}

function parseObject(text: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(
      `${where} is not JSON (${(error as Error).message}); expected an object such as {"prompt": "..."}.`,
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputError(`${where} is ${text.slice(0, 60)}; expected an object such as {"prompt": "..."}.`);
  }
  return value as Record<string, unknown>;
}
