/** The part of parquetjs-lite that is used here; the package has no types of its own. */
declare module 'parquetjs-lite' {
  interface Field {
    type: 'UTF8' | 'INT32';
    compression?: 'GZIP' | 'SNAPPY' | 'UNCOMPRESSED';
    /** Default true; its string statistics are in UTF-16 order, which other readers take for byte order. */
    statistics?: boolean;
  }
  export class ParquetSchema {
    constructor(fields: Record<string, Field>);
  }
  export class ParquetWriter {
    static openFile(schema: ParquetSchema, path: string): Promise<ParquetWriter>;
    appendRow(row: Record<string, unknown>): Promise<void>;
    close(): Promise<void>;
  }
  const parquet: { ParquetSchema: typeof ParquetSchema; ParquetWriter: typeof ParquetWriter };
  export default parquet;
}
