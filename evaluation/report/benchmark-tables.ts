import type { CategoryLine, BenchmarkResult } from '../results.ts';
import { CHOSEN, EXPORTED } from '../arms/arm-names.ts';
import { isGoal } from '../comparison/metrics.ts';
import type { ReportData } from './report-data.ts';
import { armLabel, count, interval, metricLabel, number, signed } from './format-numbers.ts';
import { badge } from './headline.ts';
import { html, type Markup } from './markup.ts';

/** Renders the benchmarks: every arm on all of their prompts, and the chosen encoder and its exported files by category. */
export function benchmarkTables({ benchmarks }: ReportData): Markup[] {
  return benchmarks.map(
    (benchmark) =>
      html`<section aria-labelledby="${`benchmark-${benchmark.name}`}">
        <h2 id="${`benchmark-${benchmark.name}`}">Benchmark: ${benchmark.name}</h2>
        <p>
          ${count(benchmark.prompts.length)} prompts, ${benchmark.samplesPerPrompt} pictures of each. ± is the standard
          deviation of the means of ten groups of prompts; differences are paired, with 95 % intervals.
        </p>
        ${armTable(benchmark)}${columnsOf(benchmark).flatMap((column) => [CHOSEN, EXPORTED].map((arm) => categoryTable(benchmark, column, arm)))}
      </section>`,
  );
}

const columnsOf = ({ categories }: BenchmarkResult): string[] => [
  ...new Set(categories.map(({ column }) => column).filter((column) => column !== '')),
];
const goalsOf = ({ categories }: BenchmarkResult): string[] =>
  [...new Set(categories.map(({ metric }) => metric))].filter(isGoal);

/** Rows are arms, columns metrics. */
function armTable(benchmark: BenchmarkResult): Markup {
  const all = benchmark.categories.filter(({ column }) => column === '');
  const metrics = goalsOf(benchmark);
  const arms = [...new Set(all.map(({ arm }) => arm))];
  const rows = arms.map((arm) => ({
    label: armLabel(arm),
    lines: metrics.map((metric) => all.find((line) => line.arm === arm && line.metric === metric)),
  }));
  return table(
    'arm',
    metrics,
    rows,
    ({ mean, groupDeviation }) =>
      html`${number(mean)}${groupDeviation === undefined ? '' : ` ± ${number(groupDeviation)}`}`,
  );
}

/** Rows are categories, columns metrics: an arm against the base; nothing if the arm does not exist. */
function categoryTable(benchmark: BenchmarkResult, column: string, arm: string): Markup | undefined {
  const own = benchmark.categories.filter((line) => line.column === column && line.arm === arm);
  if (own.length === 0) return undefined;
  const metrics = goalsOf(benchmark);
  const rows = [...new Set(own.map(({ value }) => value))].map((value) => ({
    label: `${value} (${own.find((line) => line.value === value)!.n})`,
    lines: metrics.map((metric) => own.find((line) => line.value === value && line.metric === metric)),
  }));
  return table(`${column} (${arm})`, metrics, rows, ({ difference }) =>
    difference
      ? html`${signed(difference.mean)} <small>${interval(difference.ci95)}</small> ${badge(difference)}`
      : html``,
  );
}

function table(
  head: string,
  metrics: readonly string[],
  rows: readonly { label: string; lines: (CategoryLine | undefined)[] }[],
  cell: (line: CategoryLine) => Markup,
): Markup {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th>${head}</th>
          ${metrics.map((metric) => html`<th class="n">${metricLabel(metric)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ label, lines }) =>
            html`<tr>
              <th scope="row">${label}</th>
              ${lines.map((line) => html`<td class="n">${line ? cell(line) : undefined}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
