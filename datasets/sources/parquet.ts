import { InputError } from '../../common/errors.ts';
import { sqlName, sqlString, type Database } from '../database.ts';
import { parquetFiles } from '../parquet-files.ts';
import { emptyBatch, type PromptBatch } from './batch.ts';
import { promptPlace, type PromptPlace } from './columns.ts';

/**
 * A query for the prompts of a Parquet file in the file's order: columns row (from 1) and prompt.
 * @throws InputError for what is no whole Parquet file, and for a prompt column that is not text
 */
export async function parquetQuery(
  database: Database,
  path: string,
  name: string,
  column: string | undefined,
): Promise<string> {
  const file = parquetFiles(path, 'binary_as_string = true', 'file_row_number = true');
  const columns = await database
    .rows(`DESCRIBE SELECT * EXCLUDE file_row_number FROM ${file}`)
    .catch((error: unknown) => {
      throw unreadableParquet(name, error);
    });
  const names = columns.map((each) => String(each['column_name']));
  const place = promptPlace(name, names, column);
  const value = promptValue(names[place.column]!, String(columns[place.column]!['column_type']), place);
  const [{ type } = {}] = await database
    .rows(`SELECT any_value(typeof(${value})) AS type FROM (SELECT * FROM ${file} LIMIT 1)`)
    .catch((error: unknown) => {
      throw unreadableParquet(name, error);
    });
  if (typeof type === 'string' && type !== 'VARCHAR' && type !== '"NULL"' && !type.startsWith('ENUM'))
    throw new InputError(`${name}: the column "${column ?? names[place.column]}" holds ${type}; expected text.`);
  return `SELECT file_row_number + 1 AS row, ${value}::VARCHAR AS prompt FROM ${file}`;
}

/** The expression of the prompt: a column, or what its keys lead to in a struct or in JSON. */
function promptValue(column: string, type: string, { keys }: PromptPlace): string {
  if (keys.length === 0) return sqlName(column);
  if (type.startsWith('STRUCT')) return [column, ...keys].map(sqlName).join('.');
  const path = `$${keys.map((key) => `."${key.replaceAll('"', '\\"')}"`).join('')}`;
  return `json_extract_string(${sqlName(column)}, ${sqlString(path)})`;
}

/** The prompts of a Parquet file, some at a time. @throws InputError as {@link parquetQuery} */
export async function* readParquet(
  database: Database,
  path: string,
  name: string,
  column: string | undefined,
): AsyncGenerator<PromptBatch> {
  const query = await parquetQuery(database, path, name, column);
  try {
    for await (const [rows, prompts] of database.columns(`SELECT row::DOUBLE, prompt FROM (${query})`)) {
      yield { ...emptyBatch(), rows: rows as number[], prompts: prompts as (string | null)[] };
    }
  } catch (error) {
    throw unreadableParquet(name, error);
  }
}

/** What DuckDB says about a file that it cannot read, as an InputError. */
export function unreadableParquet(name: string, error: unknown): InputError {
  const said = (error as Error).message.split('\n', 1)[0]!;
  return new InputError(`${name}: cannot be read as Parquet; is it cut short or of another kind? (${said})`);
}
