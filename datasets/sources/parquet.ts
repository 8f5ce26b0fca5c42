import { InputError } from '../../common/errors.ts';
import { sqlName, sqlString, type Database } from '../database.ts';
import type { PromptBatch } from './batch.ts';
import { promptColumn } from './columns.ts';

/**
 * The prompt column of a Parquet file, in the file's order.
 * @throws InputError for what is no whole Parquet file, and for a prompt column that is not text
 */
export async function* readParquet(
  database: Database,
  path: string,
  name: string,
  column?: string,
): AsyncGenerator<PromptBatch> {
  const file = `read_parquet(${sqlString(path)}, binary_as_string = true)`;
  const columns = await database.rows(`DESCRIBE SELECT * FROM ${file}`).catch((error: unknown) => {
    throw unreadable(name, error);
  });
  const names = columns.map((each) => String(each['column_name']));
  const at = promptColumn(name, names, column);
  const type = String(columns[at]!['column_type']);
  if (type !== 'VARCHAR' && !type.startsWith('ENUM')) {
    throw new InputError(`${name}: the column "${names[at]}" holds ${type}; expected text.`);
  }

  let row = 1;
  try {
    for await (const [column] of database.columns(`SELECT ${sqlName(names[at]!)}::VARCHAR FROM ${file}`)) {
      const prompts = column as (string | null)[];
      yield { rows: prompts.map((_, i) => row + i), prompts };
      row += prompts.length;
    }
  } catch (error) {
    throw unreadable(name, error);
  }
}

/** What DuckDB says about a file that it cannot read, as an InputError. */
function unreadable(name: string, error: unknown): InputError {
  const said = (error as Error).message.split('\n', 1)[0]!;
  return new InputError(`${name}: cannot be read as Parquet; is it cut short or of another kind? (${said})`);
}
