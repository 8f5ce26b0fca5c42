import type { ReportData } from './report-data.ts';
import type { Picture } from '../results.ts';
import { armLabel, metricLabel, number } from './format-numbers.ts';
import { html, type Markup } from './markup.ts';
import { CHOSEN, EXPORTED } from '../arms/arm-names.ts';
import { PAIRS } from '../evaluation-names.ts';
import { isGoal } from '../comparison/metrics.ts';

/** The arms between the original encoder and the tuned one, with their weights. */
const blendArms = [
  ['base', 0],
  ['blend-0.25', 0.25],
  ['blend-0.50', 0.5],
  ['blend-0.75', 0.75],
  ['tuned', 1],
  ['blend-1.25', 1.25],
] as const;

/** Columns of the report's first pictures. @param sweep a choice with a UNet is no picture of the encoder alone */
const comparedArms = ({ chosen }: ReportData['sweep']): (readonly [arm: string, heading: string])[] => [
  ['base', 'Base model'],
  ['prompt-engineering', 'Better prompts'],
  [chosen.unetStep === undefined ? CHOSEN : 'tuned', 'Tuned encoder'],
  ...PAIRS.map((arm) => [arm, 'Tuned encoder and UNet'] as const),
];
/** Prompts of the report's first pictures. */
const FIRST_PROMPTS = 4;

/** Renders the first prompts as rows of pictures, from the original model to the most tuned one: same noise in a row. */
export function pictureRows({ pictures, sweep }: ReportData): Markup | undefined {
  const shown = pictures.slice(0, FIRST_PROMPTS);
  const arms = comparedArms(sweep).filter(([arm]) => shown.every(({ files }) => files[arm] !== undefined));
  if (shown.length === 0 || arms.length < 2) return undefined;
  return html`<section aria-labelledby="pictures">
    <h2 id="pictures">What tuning changes</h2>
    <table class="rows" style="--columns: ${arms.length}">
      <thead>
        <tr>
          ${arms.map(([, heading]) => html`<th scope="col">${heading}</th>`)}
        </tr>
      </thead>
      ${shown.map(
        ({ prompt, files }) =>
          html`<tbody>
            <tr>
              <th scope="rowgroup" colspan="${arms.length}">${prompt}</th>
            </tr>
            <tr>
              ${arms.map(([arm, heading]) => html`<td><img src="${files[arm]!}" alt="${`${prompt} (${heading})`}" /></td>`)}
            </tr>
          </tbody>`,
      )}
    </table>
    <p class="quiet">
      The first test prompts, one picture each, not selected. The pictures of a row start from the same noise.
    </p>
  </section>`;
}

/** Renders every kept prompt under one slider: the weight of the tuned encoder's embeddings. */
export function blendSlider({ pictures }: ReportData): Markup | undefined {
  const arms = blendArms.filter(([arm]) => pictures.every(({ files }) => files[arm] !== undefined));
  if (pictures.length === 0 || arms.length < 2) return undefined;
  const figures = pictures.map(
    ({ prompt, files }) =>
      html`<figure>
        ${arms.map(([arm], i) => html`<img data-at="${i}" src="${files[arm]}" alt="${`${prompt} (${armLabel(arm)})`}" />`)}
        <figcaption>${prompt}</figcaption>
      </figure>`,
  );
  return html`<section aria-labelledby="blend">
    <h2 id="blend">How much of the tuned encoder</h2>
    <p>Embeddings of the last steps: <em>w</em> · tuned + (1 − <em>w</em>) · original. Drag, or use the arrow keys.</p>
    <div class="blends" data-at="0">
      <div class="slider">
        <span aria-hidden="true">original</span>
        <input
          id="weight"
          type="range"
          min="0"
          max="${arms.length - 1}"
          step="1"
          value="0"
          aria-label="weight of the tuned encoder"
          aria-valuetext="0.00"
          data-weights="${arms.map(([, weight]) => weight.toFixed(2)).join(' ')}"
        />
        <span aria-hidden="true">tuned</span><output for="weight">w = 0.00</output>
      </div>
      <div class="gallery">${figures}</div>
    </div>
  </section>`;
}

/** Renders base, chosen encoder, export and tuned encoder side by side: same prompt, same start noise. */
export function pictureGrid({ pictures, comparisons }: ReportData): Markup | undefined {
  if (pictures.length === 0) return undefined;
  const arms = ['base', CHOSEN, EXPORTED, 'tuned'].filter((arm) =>
    pictures.every(({ files }) => files[arm] !== undefined),
  );
  const metrics = [...new Set(comparisons.map(({ metric }) => metric))].filter(isGoal);
  return html`<section aria-labelledby="pairs">
    <h2 id="pairs">Side by side</h2>
    <p>
      The same prompt and the same start noise in each card. A mark beside a score: higher (▲) or lower (▼) than the
      base.
    </p>
    <div class="pairs">${pictures.map((picture) => card(picture, arms, metrics))}</div>
  </section>`;
}

/** One prompt: a picture per arm, with its scores below. */
function card(picture: Picture, arms: readonly string[], metrics: readonly string[]): Markup {
  const scored = metrics.filter((metric) => picture.scores['base']?.[metric] !== undefined);
  return html`<article>
    <h3>${picture.prompt}</h3>
    <table>
      <thead>
        <tr>
          <td></td>
          ${arms.map((arm) => html`<th scope="col"><img src="${picture.files[arm]!}" alt="${`${picture.prompt} (${armLabel(arm)})`}" />${armLabel(arm)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${scored.map(
          (metric) =>
            html`<tr>
              <th scope="row">${metricLabel(metric)}</th>
              ${arms.map((arm) => score(picture, arm, metric))}
            </tr>`,
        )}
      </tbody>
    </table>
  </article>`;
}

function score({ scores }: Picture, arm: string, metric: string): Markup {
  const [value, base] = [scores[arm]![metric]!, scores['base']![metric]!];
  const shown = metric === 'oracle' ? (value === 1 ? 'right' : 'wrong') : number(value);
  if (value === base) return html`<td>${shown}</td>`;
  return value > base
    ? html`<td>${shown} <span class="up" title="higher than base">▲</span></td>`
    : html`<td>${shown} <span class="down" title="lower than base">▼</span></td>`;
}
