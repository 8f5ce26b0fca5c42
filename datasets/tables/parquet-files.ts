import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { InputError, RunError } from '../../common/errors.ts';
import { sqlString } from './database.ts';

/**
 * SQL for the rows of Parquet files, with the columns that are in the files and no others.
 * @param paths the files, each by its very name: DuckDB would read `part[1].parquet` as a pattern, and a folder
 *   `prompt=v2` around a file as a column
 * @param options further ones of read_parquet: `file_row_number = true`
 */
export function parquetFiles(paths: string | readonly string[], ...options: string[]): string {
  const all = [paths].flat();
  if (all.length === 0) throw new RunError('There is no Parquet file to read.');
  return `read_parquet([${all.map(sqlFile).join(', ')}], ${['hive_partitioning = false', ...options].join(', ')})`;
}

/** The files in a folder whose names fit, sorted by name. */
export function filesIn(folder: string, name: RegExp): string[] {
  const names = readdirSync(folder).filter((each) => name.test(each));
  return names.sort().map((each) => join(folder, each));
}

const wild = /[*?[]/g;

/** A file to read, as an SQL string that stands for it alone. */
export function sqlFile(path: string): string {
  // DuckDB takes `~` and `s3:` at the beginning of a relative path for something else.
  const whole = resolve(path);
  if (!/[*?[]/.test(whole)) return sqlString(whole);
  // In a pattern a backslash parts folders, whatever is around it.
  return sqlString((whole.includes('\\') ? linked(whole) : whole).replace(wild, '[$&]'));
}

const links = new Map<string, string>();
let folder: string | undefined;

/** A link to a file under a name that has nothing special in it; it goes with the process. */
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
