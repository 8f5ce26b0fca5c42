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

/** How a Parquet file is asked for its prompts. */
export interface ParquetQuery {
  /** Columns row (from 1) and prompt, in the file's order. */
  sql: string;
  /** The rest of the way to the prompt, where that is JSON in a text. */
  place: PromptPlace;
  label: string;
}

/**
 * The query for the prompts of a Parquet file, which is checked for damage before (see {@link inspect}).
 * @throws InputError for what is no whole Parquet file, and for a prompt column that is not text
 */
export async function parquetQuery(
  database: Database,
  path: string,
  name: string,
  column: string | undefined,
): Promise<ParquetQuery> {
  // DuckDB renames columns that are the same letter case aside; their own names are in the footer, in the same order.
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

/** The expression for what a path leads to, and the keys that are left where that is a text. */
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

/** What DuckDB says about a file that it cannot read, as an InputError. */
export function unreadableParquet(name: string, error: unknown): InputError {
  const [said] = (error as Error).message.split('\n'); // below are lines of a query of ours
  return new InputError(`${name}: cannot be read as Parquet; is it cut short or of another kind? (${reasonOf(said)})`);
}

/** Whether DuckDB gives a file up for a value that is no UTF-8, which is the fault of one row. */
export function isBadText(error: unknown): boolean {
  return /Invalid string encoding/.test((error as Error).message);
}
