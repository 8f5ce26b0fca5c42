import type { ControlCurve, SweepCandidate, Choice, NamedComparison } from '../results.ts';
import { blendCurve, curve, intervalBar } from './charts.ts';
import type { ReportData } from './report-data.ts';
import { armLabel, count, interval, metricLabel, percent, signed } from './format-numbers.ts';
import { badge, domainOf, kind } from './headline.ts';
import { html, type Markup } from './markup.ts';
import { DIVERSITY, isGoal } from '../comparison/metrics.ts';

const metricsOf = (comparisons: readonly NamedComparison[]): string[] => [
  ...new Set(comparisons.map(({ metric }) => metric)),
];

/** Renders every arm against the base, metric by metric. */
export function comparisonTable({ comparisons, trained }: ReportData): Markup {
  const groups = metricsOf(comparisons).map((metric) => {
    const rows = comparisons.filter((c) => c.metric === metric);
    const domain = domainOf(rows);
    return html`<tbody>
      ${rows.map(
        (row, i) =>
          html`<tr>
            ${i === 0 ? html`<th scope="rowgroup" rowspan="${rows.length}">${metricLabel(metric)}<br /><small>${kind(metric, trained)}</small></th>` : undefined}
            <th scope="row">
              ${armLabel(row.arm)}${row.against === 'base' ? '' : ` against the ${armLabel(row.against)}`}
            </th>
            <td class="n">${signed(row.mean)}</td>
            <td class="n">${interval(row.ci95)}</td>
            <td>${intervalBar(row.mean, row.ci95, domain)}</td>
            <td class="n">${percent(row.winRate)}</td>
            <td class="n">${count(row.n)}</td>
            <td>${badge(row)}</td>
          </tr>`,
      )}
    </tbody>`;
  });
  return html`<section aria-labelledby="arms">
    <h2 id="arms">Every arm against the base</h2>
    <p>
      An arm is one variant of the pipeline. Mean difference over the test prompts, with a paired bootstrap interval
      over prompts (10,000 resamples); a tie is half a win. Arms change the last K sampling steps; exported ones, other
      prompts and other kinds of encoders change all.
    </p>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>metric</th>
            <th>arm</th>
            <th class="n">difference</th>
            <th class="n">95 % interval</th>
            <th></th>
            <th class="n">wins</th>
            <th class="n">prompts</th>
            <th>verdict</th>
          </tr>
        </thead>
        ${groups}
      </table>
    </div>
  </section>`;
}

/** Renders the difference to the base over the weight of the final encoder. */
export function blendCurves({ comparisons, control }: ReportData): Markup | undefined {
  const weightOf = (arm: string) => (arm === 'tuned' ? 1 : arm.startsWith('blend-') ? Number(arm.slice(6)) : undefined);
  const charts = metricsOf(comparisons)
    .filter((metric) => isGoal(metric) || metric === DIVERSITY)
    .map((metric) => {
      const points = comparisons
        .filter((c) => c.metric === metric && weightOf(c.arm) !== undefined)
        .map(({ arm, mean, ci95 }) => ({ blend: weightOf(arm)!, mean, ci95 }))
        .sort((a, b) => a.blend - b.blend);
      return blendCurve(metricLabel(metric), [{ blend: 0, mean: 0, ci95: [0, 0] }, ...points]);
    });
  if (charts.length === 0) return undefined;
  return html`<section aria-labelledby="control">
    <h2 id="control">Control by blending</h2>
    <p>
      The final encoder blended with the original one: difference to the base over the blend's weight, with 95 %
      intervals.
    </p>
    <div class="charts">${charts}</div>
    <p>${control.filter(({ metric }) => isGoal(metric)).map(monotony)}</p>
  </section>`;
}

/** Says in a sentence whether a curve is monotonic. */
function monotony({ metric, weights, direction, share, monotone }: ControlCurve): Markup {
  const way = direction === 'up' ? 'rises' : 'falls';
  const range = `from ${weights[0]} to ${weights.at(-1)}`;
  return monotone
    ? html`${metricLabel(metric)} ${way} ${range} (${percent(share)} of the steps; none goes back beyond its interval). `
    : html`${metricLabel(metric)} ${way} ${range} but not all the way: in one step the whole interval lies in the other
      direction. `;
}

/** Renders the metrics of each training step: of the encoder, and of the UNet if it was tuned after it. */
export function trainingCurves({ curves, unetCurves = [], sweep }: ReportData): Markup[] {
  const { step, unetStep } = sweep.chosen;
  const chosen = (own: number | undefined) => (own ? `; step ${own} was chosen` : '');
  const sections: [string, string, ReportData['curves'], number | undefined][] = [
    ['training', 'text encoder', curves, step],
    ['training-unet', 'UNet', unetCurves, unetStep],
  ];
  return sections.flatMap(([id, network, lines, own]) =>
    lines.length < 2
      ? []
      : [
          html`<section aria-labelledby="${id}">
            <h2 id="${id}">Training${network === 'UNet' ? ' of the UNet' : ''}</h2>
            <p>
              ${count(lines.length)} steps of the ${network}${chosen(own)}. Rewards are of the training pictures: each
              step faint, with the moving mean on top.
            </p>
            <div class="charts">${curveCharts(lines)}</div>
          </section>`,
        ],
  );
}

function curveCharts(curves: ReportData['curves']): Markup[] {
  const steps = curves.map(({ step }) => step!);
  const shown = Object.keys(curves[0]!).filter((key) => /^(loss|reward\.|gradientNorm|deltaNorm)/.test(key));
  const labels: Record<string, string> = {
    gradientNorm: 'gradient norm',
    deltaNorm: 'norm of the weight change',
    'gradientNorm.unet': 'gradient norm of the UNet',
    'deltaNorm.unet': "norm of the UNet's weight change",
  };
  const order = (key: string) => (key.startsWith('reward.') ? 0 : key === 'loss' ? 1 : 2);
  return shown
    .sort((a, b) => order(a) - order(b))
    .map((key) =>
      curve(
        labels[key] ?? key.replace('reward.', ''),
        steps,
        curves.map((line) => line[key]!),
      ),
    );
}

/** Renders the score of each training step and blend on validation prompts, and of the exported candidates. */
export function sweepTable({ sweep }: ReportData): Markup {
  const by =
    { oracle: 'the oracle', heldOut: 'the held-out reward', rewards: 'the trained rewards, standardized' }[
      sweep.chooseBy
    ] ?? sweep.chooseBy;
  return html`<section aria-labelledby="sweep">
    <h2 id="sweep">How the encoder was chosen</h2>
    <p>
      Gain over the base on validation prompts by ${by}, for each training step and blend of embeddings in the last
      steps. ✕: not eligible, since a metric falls below the base's.
    </p>
    ${choiceTable(sweep, 'blend')}
    ${
      sweep.exported.candidates.length > 1
        ? html`<p>
              The same for the exported candidates made of the best of these: an encoder with a share of its weight
              change, used in all steps. The choice goes by this.
            </p>
            ${choiceTable(sweep.exported, 'weight')}`
        : undefined
    }
  </section>`;
}

/** A row for each encoder, and for each tuned UNet with its encoder. @param weight meaning of the columns */
function choiceTable({ candidates, chosen }: Choice, weight: string): Markup {
  const tuned = candidates.filter(({ step }) => step > 0);
  const name = ({ step, unetStep }: { step: number; unetStep?: number }) =>
    unetStep === undefined ? String(step) : `${step}, UNet of step ${unetStep}`;
  const rows = [...new Set(tuned.map(name))];
  const blends = [...new Set(tuned.map(({ blend }) => blend))].sort((a, b) => a - b);
  const most = Math.max(...tuned.map(({ score }) => Math.abs(score)), 1e-12);
  const cell = (candidate: SweepCandidate | undefined): Markup => {
    if (!candidate) return html`<td></td>`;
    const { blend, score, eligible } = candidate;
    const isChosen = name(candidate) === name(chosen) && blend === chosen.blend;
    const strength = Math.round((Math.max(0, score) / most) * 55);
    return html`<td class="n heat${isChosen ? ' chosen' : ''}" style="--strength:${strength}%">
      ${signed(score)}${eligible ? '' : html`<sup title="a metric is below the base's">✕</sup>`}${isChosen ? html` <strong>chosen</strong>` : undefined}
    </td>`;
  };
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th>step</th>
          ${blends.map((blend) => html`<th class="n">${weight} ${blend}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              <th scope="row">${row}</th>
              ${blends.map((blend) => cell(tuned.find((c) => name(c) === row && c.blend === blend)))}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
