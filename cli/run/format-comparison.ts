import type { ArmCompared, OverFirst } from '../../api/watch/compare-results.ts';
import type { RunsCompared } from '../../api/watch/compare-runs.ts';
import type { Comparison } from '../../common/statistics.ts';
import { formatSeconds, formatTable } from '../../common/text/format.ts';
import { short } from '../../common/text/short.ts';
import { interval, metricLabel, number, signed } from '../../evaluation/report/format-numbers.ts';

const letters = 'ABCDE';

/** Formats a comparison of runs, which are called A, B ... in its tables; which one is better is said last. */
export function formatComparison(compared: RunsCompared): string {
  const { runs, arms } = compared;
  const parts = [
    formatTable(
      runs.map(({ run, status, gamed, seconds, prompts }, i) => [
        letters[i]!,
        run,
        gamed ? 'stopped by its alarm' : status,
        `${formatSeconds(seconds)} of work`,
        prompts === null ? 'no evaluation yet' : `${prompts} test prompts`,
      ]),
    ),
    ...runs.flatMap(({ damage }) => damage ?? []),
    formatSettings(compared),
    formatDurations(compared),
    ...arms.map((arm) => formatArm(arm, runs.length)),
    formatVerdicts(compared),
  ];
  return parts.join('\n\n');
}

const heading = (first: string, runs: readonly unknown[]): string[] => [first, ...runs.map((_, i) => letters[i]!)];

function formatSettings({ runs, settings }: RunsCompared): string {
  if (settings.length === 0) return 'Their configurations are the same.';
  const shown = (value: unknown): string => (value === null ? '-' : typeof value === 'string' ? value : short(value));
  return formatTable([heading('setting', runs), ...settings.map(({ key, values }) => [key, ...values.map(shown)])]);
}

function formatDurations({ runs, durations }: RunsCompared): string {
  const rows = durations.map(({ stage, values }) => [
    stage,
    ...values.map((value) => (value === null ? '-' : value.reused ? 'reused' : formatSeconds(value.seconds))),
  ]);
  return formatTable([heading('stage', runs), ...rows]);
}

/** A table of an arm: a line for each metric and run. */
function formatArm({ arm, metrics }: ArmCompared, runs: number): string {
  const head = [`arm ${arm}`, '', 'mean', 'over its base (95 %)', 'over A (95 %)'];
  const rows = metrics.flatMap(({ metric, means, overBase, overFirst }) =>
    Array.from({ length: runs }, (_, i) => [
      i === 0 ? metricLabel(metric) : '',
      letters[i]!,
      means[i] === null ? '-' : number(means[i]!),
      describe(overBase[i] ?? null),
      describe(overFirst[i] ?? null),
    ]),
  );
  return formatTable([head, ...rows]);
}

function describe(comparison: OverFirst | Comparison | null): string {
  if (comparison === null) return '-';
  const text = `${signed(comparison.mean)} (${interval(comparison.ci95)})`;
  return 'verdict' in comparison ? `${text} ${comparison.verdict}` : text;
}

function formatVerdicts({ runs, arms, unpaired }: RunsCompared): string {
  const [first] = arms;
  if (!first) return 'No run has an evaluation yet.';
  const lines = runs.slice(1).map((_, before) => {
    const i = before + 1;
    const [name, why] = [`${letters[i]} against A`, unpaired[i] ?? null];
    if (why !== null) return `${name}: not compared prompt by prompt: ${why}.`;
    const on = (verdict: OverFirst['verdict']): string[] => {
      const found = first.metrics.filter(({ overFirst }) => overFirst[i]?.verdict === verdict);
      return found.length === 0 ? [] : [`${verdict} on ${found.map(({ metric }) => metricLabel(metric)).join(', ')}`];
    };
    const said = [...on('better'), ...on('worse'), ...on('undecided')];
    const prompts = Math.max(0, ...first.metrics.map(({ overFirst }) => overFirst[i]?.n ?? 0));
    return `${name}, arm ${first.arm}, on ${prompts} common test prompts: ${said.join('; ') || 'no metric is measured alike'}.`;
  });
  return lines.join('\n');
}
