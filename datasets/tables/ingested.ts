import type { ResultFile } from '../../common/files/result-file.ts';

/** Each record of the files, up to the limit, is a row or malformed. */
export interface IngestSummary {
  rows: number;
  malformed: number;
  /** The first malformed records of each file: "file: line n has ...". */
  samples: string[];
  /** Files that were read. `blank` lines and `comments` (absent if there are none) are not records. */
  files: { name: string; rows: number; malformed: number; blank: number; comments?: number }[];
  /** Files of unknown kinds. */
  ignored: { files: number; first: string[] };
}

export const INGEST_SUMMARY: ResultFile<IngestSummary> = { name: 'summary.json' };
