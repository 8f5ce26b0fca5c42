/** Kinds of file by extension; `jsonl` is also `ndjson`, `arrow` is an IPC file or stream. */
export const endings = {
  txt: 'txt',
  caption: 'txt',
  csv: 'csv',
  tsv: 'tsv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
  parquet: 'parquet',
  arrow: 'arrow',
  arrows: 'arrow',
  feather: 'arrow',
  ipc: 'arrow',
} as const;
type FileKind = (typeof endings)[keyof typeof endings];

/** A file with prompts. */
export interface SourceFile {
  path: string;
  /** File name, or path relative to the source folder, as used in rows and messages. */
  name: string;
  kind: FileKind;
  packing?: Packing;
  bytes: number;
  /** The file is one of a folder's or pattern's, so an empty text file is a missing caption. */
  oneOfMany?: boolean;
}

/** Returns whether the file may be empty: as a missing caption among others. */
export function mayBeEmpty({ kind, oneOfMany = false }: SourceFile): boolean {
  return kind === 'txt' && oneOfMany;
}

export const packings = ['gz', 'zst'] as const;

type Packing = (typeof packings)[number];
