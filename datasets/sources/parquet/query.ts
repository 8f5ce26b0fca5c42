import {
  DuckDBArrayType,
  DuckDBEnumType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  DuckDBTypeId,
  type DuckDBType,
} from '@duckdb/node-api';
import { InputError } from '../../../common/errors.ts';
import { sqlName, sqlString, type Database } from '../../tables/database.ts';
import { parquetFiles } from '../../tables/parquet-files.ts';
import { isIndex, promptPlace, type PromptPlace } from '../columns.ts';
import { inspect } from './inspect-parquet.ts';
import { reasonOf } from '../../../common/text/reason.ts';

/** Query for the prompts of a Parquet file. */
export interface ParquetQuery {
  /** Columns row (from 1) and prompt, in the file's order. */
  sql: string;
  /** Remaining path to the prompt, if it is inside JSON text. */
  place: PromptPlace;
  label: string;
}

/**
 * Builds the query for the prompts of a Parquet file, after checking the file for damage (see {@link inspect}).
 * @throws InputError for a damaged Parquet file or another kind of file, and for a prompt column that is not text
 */
export async function parquetQuery(
  database: Database,
  path: string,
  name: string,
  column: string | undefined,
): Promise<ParquetQuery> {
  // DuckDB renames columns that differ only in case; their original names are in the footer, in the same order.
  const names = await inspect(path, name, (columns) => promptPlace(name, columns, column).column);
  const place = promptPlace(name, names, column);
  const numbered = !names.some((each) => each.toLowerCase() === rowNumber);
  const file = parquetFiles(path, 'binary_as_string = true', ...(numbered ? [`${rowNumber} = true`] : []));
  const columns = await database
    .columnTypes(`SELECT ${numbered ? `* EXCLUDE ${rowNumber}` : '*'} FROM ${file} LIMIT 0`)
    .catch((error: unknown) => {
      throw unreadableParquet(name, error);
    });
  const chosen = columns[place.column]!;
  const label = names[place.column]!;
  const { sql, keys } = follow(sqlName(chosen.name), chosen.type, place.keys, { name, label });
  const found = [label, ...place.keys.slice(0, place.keys.length - keys.length)].join('.');
  const row = numbered ? `${rowNumber} + 1` : 'row_number() OVER ()';
  return {
    sql: `SELECT ${row} AS row, ${sql}::VARCHAR AS prompt FROM ${file}`,
    place: { ...place, keys },
    label: found,
  };
}

const rowNumber = 'file_row_number';

/** Returns the SQL expression for a path, and the remaining keys if it ends at text. */
function follow(
  sql: string,
  type: DuckDBType,
  keys: readonly string[],
  { name, label }: { name: string; label: string },
): { sql: string; keys: readonly string[] } {
  const [key, ...rest] = keys;
  const refused = (said: string): InputError => new InputError(`${name}: the column "${label}" ${said}.`);
  if (isText(type)) return { sql, keys };
  if (key === undefined) throw refused(`holds ${type.toString()}; expected text`);
  const next = { name, label: `${label}.${key}` };
  if (type instanceof DuckDBStructType) {
    const plain = key.toLowerCase();
    const at = type.entryNames.findIndex((each) => each.toLowerCase() === plain);
    if (at < 0) throw refused(`has no "${key}"; it has ${type.entryNames.map((each) => `"${each}"`).join(', ')}`);
    return follow(`struct_extract(${sql}, ${sqlString(type.entryNames[at]!)})`, type.entryTypes[at]!, rest, next);
  }
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    if (!isIndex(key)) throw refused(`holds lists; name an element, such as ${label}.0.${key}`);
    return follow(`${sql}[${Number(key) + 1}]`, type.valueType, rest, next);
  }
  if (type instanceof DuckDBMapType) {
    if (!isText(type.keyType)) throw refused(`has keys of ${type.keyType.toString()}; expected text`);
    return follow(`map_extract(${sql}, ${sqlString(key)})[1]`, type.valueType, rest, next);
  }
  throw refused(`holds ${type.toString()}, which has no "${key}"`);
}

function isText(type: DuckDBType): boolean {
  const { typeId } = type;
  return typeId === DuckDBTypeId.VARCHAR || typeId === DuckDBTypeId.SQLNULL || type instanceof DuckDBEnumType;
}

/** Converts DuckDB's error for an unreadable file into an InputError. */
export function unreadableParquet(name: string, error: unknown): InputError {
  const [said] = (error as Error).message.split('\n'); // the other lines quote our query
  return new InputError(`${name}: cannot be read as Parquet; is it cut short or of another kind? (${reasonOf(said)})`);
}

/** Returns whether DuckDB rejects a file because of one value that is not UTF-8. */
export function isBadText(error: unknown): boolean {
  return /Invalid string encoding/.test((error as Error).message);
}
