import { benchmarkTables } from './benchmark-tables.ts';
import type { ReportData } from './report-data.ts';
import { headline } from './headline.ts';
import { html, Markup } from './markup.ts';
import { blendSlider, pictureGrid, pictureRows } from './report-pictures.ts';
import { configurationBlock, stageTable } from './training-curves.ts';
import { promptCard } from './report-prompts.ts';
import { style } from './report-style.ts';
import { styleSection } from './style-control/style-section.ts';
import { transferTable } from './transfer-tables.ts';
import { blendCurves, comparisonTable, sweepTable, trainingCurves } from './tables.ts';

/** The report's file in an artifact and in a run's folder. */
export const REPORT_FILE = 'report.html';

/** Moves the blend. Runs in the reader's browser. */
const script = `
const slider = document.querySelector('#weight');
slider?.addEventListener('input', () => {
  const weight = slider.dataset.weights.split(' ')[slider.value];
  slider.closest('.blends').dataset.at = slider.value;
  slider.setAttribute('aria-valuetext', weight);
  slider.parentElement.querySelector('output').value = 'w = ' + weight;
});
`;

/** Renders the report: one HTML file that loads nothing else. */
export function renderReport(data: ReportData): string {
  const { title, run } = data;
  const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}" />
        <link rel="icon" href="data:," />
        <title>${title} · TextCraftor report</title>
        <style>
          ${new Markup(style)}
        </style>
      </head>
      <body>
        <header>
          <p class="meta">TextCraftor: a text encoder tuned by rewards</p>
          <h1>${title}</h1>
          ${run ? html`<p class="meta">Run ${run.id}, ${run.status}</p>` : undefined}
        </header>
        <main>
          ${pictureRows(data)}${headline(data)}${blendSlider(data)}${pictureGrid(data)}${comparisonTable(data)}${benchmarkTables(data)}${transferTable(data)}${blendCurves(data)}${styleSection(data)}${trainingCurves(data)}${sweepTable(data)}${promptCard(data)}${stageTable(data)}${configurationBlock(data)}
        </main>
        <script>
          ${new Markup(script)};
        </script>
      </body>
    </html> `.text;
}
