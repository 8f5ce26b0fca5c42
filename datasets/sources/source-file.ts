/** Kinds of file by their endings; `jsonl` is also `ndjson`, `arrow` is IPC as a file or a stream. */
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
  /** Its name, or its path below the folder that was named: what rows and messages say about where they are from. */
  name: string;
  kind: FileKind;
  packing?: Packing;
  bytes: number;
  /** It is one of a folder's or a pattern's, so that an empty text is a caption that is missing. */
  oneOfMany?: boolean;
}

/** Whether nothing is something to read: a caption that is missing, among others. */
export function mayBeEmpty({ kind, oneOfMany = false }: SourceFile): boolean {
  return kind === 'txt' && oneOfMany;
}

export const packings = ['gz', 'zst'] as const;

type Packing = (typeof packings)[number];
