import { CHOSEN, EXPORTED } from '../arms/arm-names.ts';
import { isGoal } from '../comparison/metrics.ts';
import type { ReportData } from './report-data.ts';
import { count, interval, metricLabel, signed } from './format-numbers.ts';
import { badge } from './headline.ts';
import { html, type Markup } from './markup.ts';

/** Renders the chosen encoder and its exported files with UNets that it was not tuned with. */
export function transferTable({ transfer }: ReportData): Markup | undefined {
  if (transfer.length === 0) return undefined;
  const own = transfer.flatMap(({ unet, comparisons }) =>
    [CHOSEN, EXPORTED].map((arm) => ({
      unet,
      arm,
      rows: comparisons.filter((own) => own.arm === arm && own.against === 'base' && isGoal(own.metric)),
    })),
  );
  const metrics = [...new Set(own.flatMap(({ rows }) => rows.map(({ metric }) => metric)))];
  const prompts = Math.max(...own.flatMap(({ rows }) => rows.map(({ n }) => n)));
  return html`<section aria-labelledby="transfer">
    <h2 id="transfer">With other UNets</h2>
    <p>
      The chosen encoder (in the last steps) and the exported one (in all steps) against the original one, each with a
      UNet that none of them was tuned with: mean difference over ${count(prompts)} test prompts with its 95 % interval.
    </p>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>UNet</th>
            <th>arm</th>
            ${metrics.map((metric) => html`<th class="n">${metricLabel(metric)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${own.map(
            ({ unet, arm, rows }) =>
              html`<tr>
                <th scope="row">${unet}</th>
                <th scope="row">${arm}</th>
                ${metrics.map((metric) => {
                  const row = rows.find((comparison) => comparison.metric === metric);
                  return html`<td class="n">
                    ${row ? html`${signed(row.mean)} <small>${interval(row.ci95)}</small> ${badge(row)}` : undefined}
                  </td>`;
                })}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}
