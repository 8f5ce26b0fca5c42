import { isGoal } from '../../comparison/metrics.ts';
import type { StyleMix, Styles } from '../../styles/style-results.ts';
import { interval, metricLabel, number, signed } from '../format-numbers.ts';
import { badge } from '../headline.ts';
import { html, type Markup } from '../markup.ts';

/** Renders each mix on each of the metrics. */
export function mixTable({ mixes }: Styles, metrics: readonly string[]): Markup | undefined {
  if (mixes.length === 0) return undefined;
  return html`<h3 class="subhead">Mixes</h3>
    <p>Several encoders at stated weights: the mean of each metric, and its difference to the base.</p>
    <table class="mixes">
      <thead>
        <tr>
          <th>metric</th>
          <th class="n">mean</th>
          <th class="n">difference</th>
          <th>verdict</th>
        </tr>
      </thead>
      ${mixes.map((mix) => mixRows(mix, metrics))}
    </table>`;
}

function mixRows({ name, metrics: all }: StyleMix, metrics: readonly string[]): Markup {
  return html`<tbody>
    <tr>
      <th scope="rowgroup" colspan="4">${name.replaceAll(',', ', ')}</th>
    </tr>
    ${metrics.flatMap((metric) =>
      all
        .filter((own) => own.metric === metric)
        .map(
          ({ mean, ci95, difference }) =>
            html`<tr>
              <th scope="row">${metricLabel(metric)}</th>
              <td class="n">${number(mean)} <small>${number(ci95[0])} to ${number(ci95[1])}</small></td>
              <td class="n">${signed(difference.mean)} <small>${interval(difference.ci95)}</small></td>
              <td>${isGoal(metric) ? badge(difference) : undefined}</td>
            </tr>`,
        ),
    )}
  </tbody>`;
}
