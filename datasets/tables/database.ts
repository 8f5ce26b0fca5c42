import {
  DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBAppender,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { resolve } from 'node:path';

/** A row by column name; integers as numbers. */
export type Row = Record<string, unknown>;

/**
 * An in-memory DuckDB that spills to a folder. Its Parquet output depends only on the rows, not on the number of threads.
 */
export class Database {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  /** Opens a database that spills to `scratch` for the duration of `work`. */
  static async use<T>(scratch: string, work: (database: Database) => Promise<T>): Promise<T> {
    const options = { memory_limit: '1GB', temp_directory: scratch, autoinstall_known_extensions: 'false' };
    const instance = await DuckDBInstance.create(':memory:', options);
    const connection = await instance.connect();
    try {
      return await work(new Database(instance, connection));
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  }

  async run(sql: string): Promise<void> {
    await this.#connection.run(sql);
  }

  /** Returns all rows of a query; for small results. */
  async rows(sql: string): Promise<Row[]> {
    const rows = (await this.#connection.runAndReadAll(sql)).getRowObjectsJS();
    const plain = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);
    return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])));
  }

  /** Returns the names and types of a query's columns. */
  async columnTypes(sql: string): Promise<{ name: string; type: DuckDBType }[]> {
    const result = await this.#connection.runAndReadAll(sql);
    const types = result.columnTypes();
    return result.columnNames().map((name, i) => ({ name, type: types[i]! }));
  }

  /** Returns the number in the first column of a query's first row. */
  async number(sql: string): Promise<number> {
    return Object.values((await this.rows(sql))[0]!)[0] as number;
  }

  /**
   * Streams the rows of a query in batches, as columns. Uses its own connection: anything else on a stream's connection,
   * even an appender's flush, would end the stream early without an error.
   */
  async *columns(sql: string): AsyncGenerator<DuckDBValue[][]> {
    const connection = await this.#instance.connect();
    try {
      const result = await connection.stream(sql);
      for await (const chunk of result) yield chunk.getColumns();
    } finally {
      connection.closeSync();
    }
  }

  /** Creates an appender that adds rows to a table as columns, at most 2,048 rows at a time. */
  async appender(table: string, types: DuckDBType[]): Promise<Appender> {
    return new Appender(await this.#connection.createAppender(table), types);
  }

  /**
   * Writes the rows of a query to a Parquet file (zstd), in the query's order.
   * @param rowGroup rows that a reader must unpack to read one of them; a multiple of 2,048
   */
  async writeParquet(query: string, path: string, rowGroup = 122_880): Promise<void> {
    await this.#copy(query, path, `COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroup}`);
  }

  /** Writes a temporary Parquet file: compresses faster, but larger. */
  async writeScratch(query: string, path: string): Promise<void> {
    await this.#copy(query, path, 'COMPRESSION lz4_raw');
  }

  /** Writes a query to a file, named literally; with a backslash in the path, a temporary file would lie elsewhere. */
  async #copy(query: string, path: string, options: string): Promise<void> {
    await this.run(`COPY (${query}) TO ${sqlString(resolve(path))} (FORMAT parquet, USE_TMP_FILE false, ${options})`);
  }
}

export class Appender {
  readonly #appender: DuckDBAppender;
  readonly #types: DuckDBType[];

  constructor(appender: DuckDBAppender, types: DuckDBType[]) {
    this.#appender = appender;
    this.#types = types;
  }

  append(columns: DuckDBValue[][]): void {
    if (columns[0]!.length === 0) return;
    const chunk = DuckDBDataChunk.create(this.#types, columns[0]!.length);
    chunk.setColumns(columns);
    this.#appender.appendDataChunk(chunk);
  }

  /** Closes the appender, which makes its rows visible to queries. */
  close(): void {
    this.#appender.closeSync();
  }
}

/** Quotes `value` as an SQL string. */
export function sqlString(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** Quotes `values` as an SQL list of strings. */
export function sqlList(values: readonly string[]): string {
  return `[${values.map(sqlString).join(', ')}]::VARCHAR[]`;
}

/** Quotes `name` as an SQL identifier. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
