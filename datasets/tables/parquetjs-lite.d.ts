/** The part of parquetjs-lite used here; the package ships no types. */
declare module 'parquetjs-lite' {
  interface Field {
    type: 'UTF8' | 'INT32';
    compression?: 'GZIP' | 'SNAPPY' | 'UNCOMPRESSED';
    /** Default true; its string statistics are in UTF-16 order, which other readers mistake for byte order. */
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
