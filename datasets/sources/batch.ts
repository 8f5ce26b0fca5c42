/** Some prompts of one file. */
export interface PromptBatch {
  /** Where each begins: its line in a text file, its row in a Parquet file; from 1. */
  rows: number[];
  prompts: (string | null)[];
}

/** Prompts a batch: DuckDB's own vector size. */
export const batchSize = 2048;

/** A longer line or record is a mistake (a quote that never closes, a binary file), not a prompt. */
export const longestRecord = 16 << 20;
