import type { RunComparison } from '../../api/comparison/compare-runs.ts';
import type { Comparison } from '../../common/statistics.ts';
import { formatTable } from '../../common/text/format.ts';
import { short } from '../../common/text/short.ts';
import { interval, metricLabel, number, signed } from '../../evaluation/report/format-numbers.ts';

/** Formats a comparison of runs: a table of settings, and one of metrics. */
export function formatComparison({ arm, runs, settings, metrics, unpaired }: RunComparison): string {
  const names = runs.map(({ run }) => run);
  const shown = (value: unknown): string => (value === null ? '-' : typeof value === 'string' ? value : short(value));
  const rows = [
    ['', ...names],
    ['status', ...runs.map(({ status }) => status)],
    ['chosen', ...runs.map(({ chosen }) => describeChoice(chosen))],
    ['test prompts', ...runs.map(({ prompts }) => (prompts === null ? '-' : String(prompts)))],
    ...settings.map(({ key, values }) => [key, ...values.map(shown)]),
  ];
  const same = settings.length === 0 ? '\nTheir configurations are the same.' : '';
  const table = metrics.map(({ metric, means, overBase, overFirst }) => [
    metricLabel(metric),
    ...means.map((value, i) => describeMean(value, overBase[i] ?? null)),
    ...overFirst.map((comparison) => describePaired(comparison)),
  ]);
  const heading = ['', ...names, ...names.slice(1).map((name) => `${name} - ${names[0]}`)];
  const reasons = unpaired.flatMap((why, i) =>
    why === null ? [] : [`${names[i + 1]} is not compared with ${names[0]} prompt by prompt: ${why}.`],
  );
  return [
    formatTable(rows) + same,
    metrics.length === 0
      ? 'No run has an evaluation yet.'
      : `Arm ${arm}: its mean, and in brackets what it gains over the base of its run; then differences prompt by prompt; 95 % intervals.\n${formatTable([heading, ...table])}`,
    ...(reasons.length > 0 ? [reasons.join('\n')] : []),
  ].join('\n\n');
}

function describeChoice(chosen: RunComparison['runs'][number]['chosen']): string {
  if (chosen === null) return '-';
  const { step, blend, unetStep } = chosen;
  if (step === 0) return 'the original';
  return `step ${step} at ${blend}${unetStep === undefined ? '' : `, UNet of step ${unetStep}`}`;
}

function describeMean(value: number | null, gain: Comparison | null): string {
  if (value === null) return '-';
  return gain === null ? number(value) : `${number(value)} (${signed(gain.mean)}; ${interval(gain.ci95)})`;
}

function describePaired(comparison: Comparison | null): string {
  if (comparison === null) return '-';
  const { mean, ci95 } = comparison;
  const word = ci95[0] > 0 ? 'higher' : ci95[1] < 0 ? 'lower' : 'undecided';
  return `${signed(mean)} (${interval(ci95)}) ${word}`;
}
