/** What a tuning stage wrote of one step: numbers by name. */
export type MetricRecord = Record<string, number> & { step: number };

/**
 * Reads a line of a tuning stage's metrics; undefined for one that is no record, as when it is not written to its end.
 * @example
 * ```ts
 * import { metricRecord } from './api/logs/metric-record.ts';
 *
 * console.log(metricRecord('{"step": 12, "loss": 0.53}')?.step); // 12
 * ```
 */
export function metricRecord(line: string): MetricRecord | undefined {
  try {
    const record = JSON.parse(line) as MetricRecord | null;
    return typeof record?.step === 'number' ? record : undefined;
  } catch {
    return undefined;
  }
}
