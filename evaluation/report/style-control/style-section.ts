import { isGoal } from '../../comparison/metrics.ts';
import { ORACLE } from '../../evaluation-names.ts';
import type { StyleCurve, StyledEncoder, Styles } from '../../styles/style-results.ts';
import { valueCurve } from '../charts.ts';
import { count, interval, metricLabel, number, signed } from '../format-numbers.ts';
import { badge } from '../headline.ts';
import { html, type Markup } from '../markup.ts';
import type { ReportData } from '../report-data.ts';
import { gridTables } from './style-grid-tables.ts';
import { mixTable } from './style-mix-table.ts';

/** Renders encoders over the weight of their embeddings, alone and two at a time, and their mixes. */
export function styleSection({ styles }: ReportData): Markup | undefined {
  if (!styles) return undefined;
  const { prompts, samplesPerPrompt, encoders } = styles;
  const each = samplesPerPrompt === 1 ? 'one picture each' : `${count(samplesPerPrompt)} pictures each`;
  const metrics = shownMetrics(styles);
  return html`<section aria-labelledby="styles">
    <h2 id="styles">Style control</h2>
    <p>
      Each encoder was tuned towards one metric. The embeddings of the last steps are the original ones plus, for each
      encoder, its weight times its difference to them. Means over ${count(prompts)} test prompts, ${each}, with 95 %
      intervals; every weight starts from the same noise.
    </p>
    ${encoders.map((encoder) => encoderCurves(encoder, metrics))}${gridTables(styles)}${mixTable(styles, metrics)}
  </section>`;
}

/** The metrics that encoders were tuned towards, then those of which a higher value is better. */
function shownMetrics({ encoders }: Styles): string[] {
  const measured = encoders[0]?.curves.map(({ metric }) => metric) ?? [];
  const tuned = encoders.map(({ metric }) => metric).filter((metric) => measured.includes(metric));
  return [...new Set([...tuned, ...measured.filter(isGoal)])];
}

/** Curves that are shown at once; the others are folded away. */
const FIRST = ['oracle', 'quality'];

function encoderCurves({ name, metric, own, curves, alone }: StyledEncoder, metrics: readonly string[]): Markup {
  const target = curves.find((curve) => curve.metric === metric);
  const shown = curves.filter((curve) => curve.metric === metric || metrics.includes(curve.metric));
  const rank = (curve: StyleCurve) => (curve.metric === metric ? 0 : FIRST.includes(curve.metric) ? 1 : 2);
  const first = shown.filter((curve) => rank(curve) < 2).toSorted((a, b) => rank(a) - rank(b));
  const rest = shown.filter((curve) => rank(curve) === 2);
  const oracle = alone.find((comparison) => comparison.metric === ORACLE);
  return html`<h3 class="subhead">${name}</h3>
    <p>
      ${origin(own)}${target ? describeRise(target) : html`${metricLabel(metric)} has no value on these prompts. `}${
        oracle
          ? html`Alone, at weight 1, against the base: ${metricLabel(ORACLE)} ${signed(oracle.mean)}
            (${interval(oracle.ci95)}) ${badge(oracle)}.`
          : undefined
      }
    </p>
    <div class="charts">${first.map(chart)}</div>
    ${
      rest.length > 0
        ? html`<details>
            <summary>${name} on every other metric</summary>
            <div class="charts">${rest.map(chart)}</div>
          </details>`
        : undefined
    }`;
}

const origin = (own: StyledEncoder['own']): string =>
  own === undefined
    ? ''
    : own.chosen
      ? `The encoder of this run, of step ${own.step}. `
      : `The final encoder of this run, of step ${own.step}, since validation chose the original one. `;

const chart = ({ metric, points }: StyleCurve): Markup =>
  valueCurve(
    metricLabel(metric),
    points.map(({ weight, mean, ci95 }) => ({ blend: weight, mean, ci95 })),
  );

/** Says in a sentence whether a curve rises. */
function describeRise({ metric, points, steps, ends, rises }: StyleCurve): Markup {
  const [first, last] = [points[0]!, points.at(-1)!];
  const change = html`from ${number(first.mean)} at weight ${first.weight} to ${number(last.mean)} at weight
  ${last.weight}: ${signed(ends.mean)} (${interval(ends.ci95)})`;
  if (rises)
    return html`<strong>${metricLabel(metric)} rises</strong> ${change}; no step falls with its whole interval. `;
  const falling = steps.filter(({ ci95: [, high] }) => high < 0).length;
  const why =
    falling > 0
      ? `the whole interval of ${falling} of ${steps.length} steps is below 0`
      : 'its interval is not above 0';
  return html`${metricLabel(metric)} goes ${change}; this is not a rise, since ${why}. `;
}
