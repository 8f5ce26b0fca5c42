import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { InputError, RunError } from '../../common/errors.ts';
import { sqlString } from './database.ts';

/**
 * Returns SQL for the rows of Parquet files, with only the columns in the files.
 * @param paths the files, taken literally: DuckDB would read `part[1].parquet` as a pattern, and a parent folder
 *   `prompt=v2` as a column
 * @param options further options of read_parquet, such as `file_row_number = true`
 */
export function parquetFiles(paths: string | readonly string[], ...options: string[]): string {
  const all = [paths].flat();
  if (all.length === 0) throw new RunError('There is no Parquet file to read.');
  return `read_parquet([${all.map(sqlFile).join(', ')}], ${['hive_partitioning = false', ...options].join(', ')})`;
}

/** Lists the files of a folder whose names match, sorted by name. */
export function filesIn(folder: string, name: RegExp): string[] {
  const names = readdirSync(folder).filter((each) => name.test(each));
  return names.sort().map((each) => join(folder, each));
}

const wild = /[*?[]/g;

/** Returns an SQL string that denotes only this file. */
export function sqlFile(path: string): string {
  // DuckDB gives a leading `~` or `s3:` of a relative path a special meaning.
  const whole = resolve(path);
  if (!/[*?[]/.test(whole)) return sqlString(whole);
  // In a pattern a backslash always separates folders.
  return sqlString((whole.includes('\\') ? linked(whole) : whole).replace(wild, '[$&]'));
}

const links = new Map<string, string>();
let folder: string | undefined;

/** Creates a link to a file under a plain name; it is removed when the process ends. */
function linked(path: string): string {
  const known = links.get(path);
  if (known !== undefined) return known;
  if (folder === undefined) {
    const place = [tmpdir(), '/tmp'].find((each) => !each.includes('\\'));
    if (place === undefined) throw new InputError(`${path}: cannot be read; rename it without the backslash.`);
    const made = mkdtempSync(join(resolve(place), 'textcraftor-'));
    process.on('exit', () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  const link = join(folder, `${links.size}${extname(path)}`);
  symlinkSync(path, link);
  links.set(path, link);
  return link;
}
