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
  /** How many rows of a column of texts have one, where the file says so. */
  texts: number | undefined;
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
  const { names, present } = await inspect(path, name, (columns) => promptPlace(name, columns, column).column);
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
  const { sql, keys, leaf, texts } = follow(sqlName(chosen.name), chosen.type, place.keys, { name, label });
  const found = [label, ...place.keys.slice(0, place.keys.length - keys.length)].join('.');
  const stated = present.length === leavesOf(chosen.type) ? present[leaf] : undefined;
  if (stated !== undefined) {
    const query = `SELECT coalesce(sum(${texts(sqlName(chosen.name))}), 0) FROM ${file}`;
    const read = await database.number(query).catch((error: unknown) => {
      if (isBadText(error)) return undefined; // read otherwise
      throw unreadableParquet(name, error);
    });
    if (read !== undefined) requireTexts(name, found, stated, read);
  }
  const row = numbered ? `${rowNumber} + 1` : 'row_number() OVER ()';
  return {
    sql: `SELECT ${row} AS row, ${sql}::VARCHAR AS prompt FROM ${file}`,
    place: { ...place, keys },
    label: found,
    texts: isText(chosen.type) ? stated : undefined,
  };
}

/** @throws InputError where the levels that tell nulls from texts say something else than the file's counts do */
export function requireTexts(name: string, label: string, stated: number, read: number): void {
  if (stated !== read)
    throw new InputError(
      `${name}: the column "${label}" has ${read} texts, by the file's own statistics ${stated}; the others are null. The file is damaged; fetch or write it anew.`,
    );
}

/** The number of Parquet's columns of values that a type is stored in, in the order of the type's parts. */
function leavesOf(type: DuckDBType): number {
  if (type instanceof DuckDBStructType) return type.entryTypes.reduce((sum, each) => sum + leavesOf(each), 0);
  if (type instanceof DuckDBMapType) return leavesOf(type.keyType) + leavesOf(type.valueType);
  return type instanceof DuckDBListType || type instanceof DuckDBArrayType ? leavesOf(type.valueType) : 1;
}

const rowNumber = 'file_row_number';

/** Where a path through a column leads. */
interface Followed {
  /** SQL expression for a row's value. */
  sql: string;
  /** Remaining keys if the path ends at text. */
  keys: readonly string[];
  /** Which of the column's leaves holds the texts. */
  leaf: number;
  /** SQL expression for the number of texts that the leaf has for a value, all of its lists' elements included. */
  texts: (sql: string) => string;
}

function follow(
  sql: string,
  type: DuckDBType,
  keys: readonly string[],
  { name, label }: { name: string; label: string },
): Followed {
  const [key, ...rest] = keys;
  const refused = (said: string): InputError => new InputError(`${name}: the column "${label}" ${said}.`);
  // DuckDB would take the answer from the statistics that this is compared with; random() keeps it from that.
  const texts = (each: string) => `(CASE WHEN random() < 0 THEN NULL ELSE ${each} END IS NOT NULL)::BIGINT`;
  if (isText(type)) return { sql, keys, leaf: 0, texts };
  if (key === undefined) throw refused(`holds ${type.toString()}; expected text`);
  const next = { name, label: `${label}.${key}` };
  if (type instanceof DuckDBStructType) {
    const plain = key.toLowerCase();
    const at = type.entryNames.findIndex((each) => each.toLowerCase() === plain);
    if (at < 0) throw refused(`has no "${key}"; it has ${type.entryNames.map((each) => `"${each}"`).join(', ')}`);
    const child = (each: string) => `struct_extract(${each}, ${sqlString(type.entryNames[at]!)})`;
    const found = follow(child(sql), type.entryTypes[at]!, rest, next);
    const before = type.entryTypes.slice(0, at).reduce((sum, each) => sum + leavesOf(each), 0);
    return { ...found, leaf: before + found.leaf, texts: (each) => found.texts(child(each)) };
  }
  const inLists = (found: Followed) => (each: string) =>
    `coalesce(list_sum(list_transform(${each}, lambda e${keys.length}: ${found.texts(`e${keys.length}`)})), 0)`;
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    if (!isIndex(key)) throw refused(`holds lists; name an element, such as ${label}.0.${key}`);
    const found = follow(`${sql}[${Number(key) + 1}]`, type.valueType, rest, next);
    return { ...found, texts: inLists(found) };
  }
  if (type instanceof DuckDBMapType) {
    if (!isText(type.keyType)) throw refused(`has keys of ${type.keyType.toString()}; expected text`);
    const found = follow(`map_extract(${sql}, ${sqlString(key)})[1]`, type.valueType, rest, next);
    return { ...found, leaf: 1 + found.leaf, texts: (each) => inLists(found)(`map_values(${each})`) };
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
