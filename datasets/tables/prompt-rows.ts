import { DOUBLE, VARCHAR } from '@duckdb/node-api';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sqlList, sqlString, type Appender, type Database } from './database.ts';
import { filesIn, parquetFiles } from './parquet-files.ts';
import { splits, type Split } from '../shards/split.ts';

/** Raw prompts by column; at most 2,048. */
export interface RowBatch {
  sources: string[];
  /** 1-based lines or rows in the source. */
  rows: number[];
  prompts: (string | null)[];
  /** Splits prescribed by the source. */
  splits: (Split | null)[];
}

/** Rows per part, which are held in memory at once. */
const partRows = 500_000;
const types = [VARCHAR, DOUBLE, VARCHAR, VARCHAR];

/** Writes rows to `rows-00000.parquet`, `rows-00001.parquet`, ... below a folder. */
export class RowWriter {
  readonly #database: Database;
  readonly #folder: string;
  #appender: Appender | undefined;
  #pending = 0;
  #parts = 0;
  /** Number of rows so far. */
  rows = 0;

  constructor(database: Database, folder: string) {
    this.#database = database;
    this.#folder = folder;
  }

  async append({ sources, rows, prompts, splits }: RowBatch): Promise<void> {
    if (!this.#appender) {
      await this.#database.run('CREATE TABLE rows (source VARCHAR, row DOUBLE, prompt VARCHAR, split VARCHAR)');
      this.#appender = await this.#database.appender('rows', types);
    }
    this.#appender.append([sources, rows, prompts, splits]);
    this.#pending += rows.length;
    this.rows += rows.length;
    if (this.#pending >= partRows) await this.flush();
  }

  /** Writes the rows of a query as a separate part, or nothing if the query fails. @param query columns row and prompt */
  async copy(source: string, query: string): Promise<void> {
    await this.flush();
    const select = `SELECT ${sqlString(source)} AS source, row, prompt, NULL::VARCHAR AS split FROM (${query})`;
    const part = await this.#write(select).catch(async (error: unknown) => {
      await rm(this.#path(--this.#parts), { force: true }); // it may be half-written
      throw error;
    });
    this.rows += await this.#database.number(`SELECT count(*) FROM ${parquetFiles(part)}`);
  }

  async flush(): Promise<void> {
    if (!this.#appender) return;
    this.#appender.close();
    await this.#write('SELECT source, row::BIGINT AS row, prompt, split FROM rows');
    await this.#database.run('DROP TABLE rows');
    this.#appender = undefined;
    this.#pending = 0;
  }

  #path(part: number): string {
    return join(this.#folder, `rows-${String(part).padStart(5, '0')}.parquet`);
  }

  async #write(query: string): Promise<string> {
    const path = this.#path(this.#parts++);
    await this.#database.writeParquet(query, path);
    return path;
  }
}

/** Lists the parts of a folder in the order of writing. */
export function partsOf(folder: string): string[] {
  return filesIn(folder, /^rows-\d+\.parquet$/);
}

/** Rows of a part; sources and splits as indices into the part's lists, -1 for none. */
export interface CodedRows {
  sources: number[];
  rows: number[];
  prompts: (string | null)[];
  splits: number[];
}

/** Lists the sources of a part's rows. */
export async function sourcesOf(database: Database, path: string): Promise<string[]> {
  const rows = await database.rows(`SELECT DISTINCT source FROM ${parquetFiles(path)} ORDER BY source`);
  return rows.map(({ source }) => String(source));
}

/**
 * Reads the rows of a part in the order of writing. Sources and splits come as numbers, since creating a string for each
 * takes longer than judging the prompt.
 */
export async function* readPart(
  database: Database,
  path: string,
  sources: readonly string[],
): AsyncGenerator<CodedRows> {
  const place = (list: readonly string[], column: string): string =>
    `(coalesce(list_position(${sqlList(list)}, ${column}), 0) - 1)::INTEGER`;
  const query =
    `SELECT ${place(sources, 'source')}, row::DOUBLE, prompt, ${place(splits, 'split')} ` +
    `FROM ${parquetFiles(path)}`;
  for await (const [sources, rows, prompts, splits] of database.columns(query)) {
    yield { sources, rows, prompts, splits } as unknown as CodedRows;
  }
}
