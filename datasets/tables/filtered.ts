import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { filesIn, parquetFiles } from './parquet-files.ts';
import type { Change, DropReason } from '../rules/rules.ts';

/** `summary.json` of the filter: read = kept + the sum of dropped. */
export interface FilterSummary {
  read: number;
  kept: number;
  /** Kept prompts with more tokens than the text model sees. */
  truncated: number;
  /** Prompts in which something was changed before they were judged further. */
  changed: Record<Change, number>;
  dropped: Record<DropReason, number>;
  /** The first prompts of each reason: "file:row: prompt". */
  samples: Record<DropReason, string[]>;
}

/**
 * SQL for the prompts that a filter has kept: columns id, prompt, tokens, source, row, split (as the source prescribes
 * it) and cluster (the id of the first of the prompts that are nearly this one; null when there is no other).
 */
export function keptPrompts(filtered: string): string {
  return parquetFiles(filesIn(filtered, /^prompts-\d+\.parquet$/));
}

/** SQL for the rows that a filter has dropped: columns source, row, reason and of (the id of what stands for it). */
export function droppedRows(filtered: string): string {
  return parquetFiles(join(filtered, 'dropped.parquet'));
}

export async function readFilterSummary(filtered: string): Promise<FilterSummary> {
  return JSON.parse(await readFile(join(filtered, 'summary.json'), 'utf8')) as FilterSummary;
}
