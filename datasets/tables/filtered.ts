import { join } from 'node:path';
import type { ResultFile } from '../../common/files/result-file.ts';
import { filesIn, parquetFiles } from './parquet-files.ts';
import type { Change, DropReason, Marking } from '../rules/rules.ts';

/** Counts of a filter: read = kept + the sum of dropped. */
export interface FilterSummary {
  read: number;
  kept: number;
  /** Number of kept prompts with more tokens than the text model sees. */
  truncated: number;
  /** Number of prompts changed before further rules, by kind of change. */
  changed: Record<Change, number>;
  /**
   * Number of prompts that keep their weights or flags, as the settings say. Like `changed`, before duplicates are dropped.
   * Absent in a result of an older version.
   */
  left?: Record<Marking, number>;
  dropped: Record<DropReason, number>;
  /** The first prompts of each reason: "file:row: prompt". */
  samples: Record<DropReason, string[]>;
}

export const FILTER_SUMMARY: ResultFile<FilterSummary> = { name: 'summary.json' };

/** Names the file with the kept prompts of a bucket. */
export const keptFile = (bucket: number): string => `prompts-${String(bucket).padStart(5, '0')}.parquet`;
/** The file with all dropped rows. */
export const DROPPED_FILE = 'dropped.parquet';

/**
 * Returns SQL for the prompts that a filter has kept: columns id, prompt, tokens, source, row, split (if prescribed by the
 * source) and cluster (the first id among its near duplicates; null when there are none).
 */
export function keptPrompts(filtered: string): string {
  return parquetFiles(filesIn(filtered, /^prompts-\d+\.parquet$/));
}

/** Returns SQL for the rows that a filter has dropped: columns source, row, reason, of (id of the prompt kept instead). */
export function droppedRows(filtered: string): string {
  return parquetFiles(join(filtered, DROPPED_FILE));
}
