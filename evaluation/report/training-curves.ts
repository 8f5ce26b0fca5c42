import { stringify } from 'yaml';
import type { ReportData } from './report-data.ts';
import { duration, size } from './format-numbers.ts';
import { html, type Markup } from './markup.ts';

/** Renders how long each stage took and what it made. */
export function stageTable({ run }: ReportData): Markup | undefined {
  if (!run) return undefined;
  const longest = Math.max(...run.stages.map(({ seconds }) => seconds), 1e-9);
  const total = run.stages.reduce((sum, { seconds }) => sum + seconds, 0);
  return html`<section aria-labelledby="stages">
    <h2 id="stages">Stages</h2>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>stage</th>
            <th>status</th>
            <th class="n">time</th>
            <th></th>
            <th>artifact</th>
            <th class="n">size</th>
          </tr>
        </thead>
        <tbody>
          ${run.stages.map(
            ({ name, status, seconds, artifact }) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td>${status}</td>
                <td class="n">${duration(seconds)}</td>
                <td><span class="bar" style="--share:${((100 * seconds) / longest).toFixed(1)}%"></span></td>
                <td>
                  ${artifact ? html`<code title="${artifact.sha256}">${artifact.sha256.slice(0, 12)}</code>` : undefined}
                </td>
                <td class="n">${artifact ? size(artifact.bytes) : undefined}</td>
              </tr>`,
          )}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">all</th>
            <td></td>
            <td class="n">${duration(total)}</td>
            <td></td>
            <td></td>
            <td></td>
          </tr>
        </tfoot>
      </table>
    </div>
  </section>`;
}

/** Renders the configuration as YAML. */
export function configurationBlock({ configuration }: ReportData): Markup {
  return html`<section aria-labelledby="configuration">
    <h2 id="configuration">Configuration</h2>
    <details>
      <summary>Show the configuration</summary>
      <pre>${stringify(configuration)}</pre>
    </details>
  </section>`;
}
