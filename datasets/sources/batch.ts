/** A batch of prompts from one file, and the faults, blank lines and comments between them. */
export interface PromptBatch {
  /** 1-based line of each in a text file, or row or item in another. */
  rows: number[];
  prompts: (string | null)[];
  faults: Fault[];
  /** Number of blank lines between records; they are not records. */
  blank: number;
  /** Number of comment lines; they are not records either. */
  comments: number;
}

/** A record that cannot be read, although its neighbors can. */
export interface Fault {
  row: number;
  /** Unit of `row`. */
  unit: 'line' | 'item' | 'row';
  /** Predicate that follows "line 3": "has 2 fields, the header has 3". */
  reason: string;
}

/** Prompts per batch: DuckDB's vector size. */
export const batchSize = 2048;

/** A longer line or record is an error (an unclosed quote, a binary file), not a prompt. */
export const longestRecord = 16 << 20;

export function emptyBatch(): PromptBatch {
  return { rows: [], prompts: [], faults: [], blank: 0, comments: 0 };
}

/** Adds a record's prompt, or why it cannot be read. @param row its line, item or row */
export function addRecord(
  { rows, prompts, faults }: PromptBatch,
  row: number,
  unit: Fault['unit'],
  found: string | null | Pick<Fault, 'reason'>,
): void {
  if (found !== null && typeof found === 'object') faults.push({ row, unit, ...found });
  else {
    rows.push(row);
    prompts.push(found);
  }
}

/** Returns whether a batch has reached its size. */
export function isFull({ rows, faults }: PromptBatch): boolean {
  return rows.length >= batchSize || faults.length >= batchSize;
}

/** Describes a fault as a sentence. */
export function describeFault(name: string, { row, unit, reason }: Fault): string {
  return `${name}: ${unit} ${row} ${reason}`;
}
