import { EXPORTED } from '../arms/arm-names.ts';
import { interval, signed } from '../report/format-numbers.ts';
import type { NamedComparison } from '../results.ts';
import type { Combination } from './setting-combinations.ts';

/** One combination and its result. */
export interface Ablation {
  settings: Combination;
  run: string;
  status: string;
  /** Comparisons of the chosen and the exported encoder with the base; empty when the run did not complete. */
  comparisons: NamedComparison[];
  /** Reason why the run did not complete. */
  error?: string;
}

/** Renders the page from the results of each group. */
export function ablationsPage(groups: readonly (readonly Ablation[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const tables = groups.flatMap((group) => {
    const keys = Object.keys(group[0]!.settings);
    const metrics = [...new Set(group.flatMap(({ comparisons }) => comparisons.map(columnOf)))];
    if (metrics.length === 0) metrics.push('outcome'); // no run has completed
    const cell = ({ comparisons, status, error }: Ablation, metric: string, i: number) => {
      const found = comparisons.find((comparison) => columnOf(comparison) === metric);
      if (found) return `${signed(found.mean)} (${interval(found.ci95)})`;
      return i === 0 ? `${status}: ${error ?? 'see textcraftor status'}` : '';
    };
    return [
      `## ${keys.join(' x ')}`,
      '',
      row([...keys, ...metrics]),
      row([...keys.map(() => '---'), ...metrics.map(() => '---:')]),
      ...group.map((each) =>
        row([...keys.map((key) => String(each.settings[key])), ...metrics.map((metric, i) => cell(each, metric, i))]),
      ),
      '',
    ];
  });
  return [
    '# Ablations',
    '',
    'Written by `textcraftor ablate`: the chosen encoder (in the last K denoising steps) and the exported one (in all steps) against the base, mean difference with its 95 % interval, paired over prompts and start noise.',
    '',
    ...tables,
  ].join('\n');
}

const columnOf = ({ arm, metric }: NamedComparison): string => (arm === EXPORTED ? `${metric}, exported` : metric);
