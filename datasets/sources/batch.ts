/** Some prompts of one file, and what was no prompt between them. */
export interface PromptBatch {
  /** Where each begins: its line in a text file, its row or item in another; from 1. */
  rows: number[];
  prompts: (string | null)[];
  faults: Fault[];
  /** Blank lines between records, which are none. */
  blank: number;
  /** Lines of a text that are comments, which are none, too. */
  comments: number;
}

/** A record that cannot be read, while those around it can. */
export interface Fault {
  row: number;
  /** What `row` counts. */
  unit: 'line' | 'item' | 'row';
  /** Goes on where "line 3" stops: "has 2 fields, the header has 3". */
  reason: string;
}

/** Prompts a batch: DuckDB's own vector size. */
export const batchSize = 2048;

/** A longer line or record is a mistake (a quote that never closes, a binary file), not a prompt. */
export const longestRecord = 16 << 20;

export function emptyBatch(): PromptBatch {
  return { rows: [], prompts: [], faults: [], blank: 0, comments: 0 };
}

/** Whether a batch holds as much as it should. */
export function isFull({ rows, faults }: PromptBatch): boolean {
  return rows.length >= batchSize || faults.length >= batchSize;
}

/** A fault as a sentence. */
export function describeFault(name: string, { row, unit, reason }: Fault): string {
  return `${name}: ${unit} ${row} ${reason}`;
}
