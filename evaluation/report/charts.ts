import { mean } from '../../common/statistics.ts';
import { number, signed } from './format-numbers.ts';
import { html, type Markup } from './markup.ts';

/** A linear map from values to pixels. */
function scale(
  [from, to]: readonly [number, number],
  [low, high]: readonly [number, number],
): (value: number) => number {
  const span = to - from || 1;
  return (value) => Math.round((low + ((value - from) / span) * (high - low)) * 10) / 10;
}

/** The range of an axis: the values with a little room, but not below zero unless a value is. */
function extent(values: readonly number[]): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const margin = (high - low || Math.abs(high) || 1) * 0.08;
  return [low >= 0 ? Math.max(0, low - margin) : low - margin, high + margin];
}

const path = (points: readonly (readonly [number, number])[]): string =>
  points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x} ${y}`).join('');

/** Averages over a window of about a tenth of the curve, cut at its ends. */
function smooth(values: readonly number[]): number[] {
  const reach = Math.floor(values.length / 20);
  return values.map((_, i) => {
    const near = values.slice(Math.max(0, i - reach), i + reach + 1);
    return mean(near);
  });
}

const WIDTH = 280;
const HEIGHT = 150;
const box = { left: 48, right: WIDTH - 10, top: 12, bottom: HEIGHT - 24 };

/** Plots a value over the training steps: every step faint, the moving mean on top. */
export function curve(title: string, steps: readonly number[], values: readonly number[]): Markup {
  const x = scale([steps[0]!, steps.at(-1)!], [box.left, box.right]);
  const [low, high] = extent(values);
  const y = scale([low, high], [box.bottom, box.top]);
  const line = (series: readonly number[]) => path(steps.map((step, i) => [x(step), y(series[i]!)] as const));
  const mean = smooth(values);
  const description = `${title}: ${number(mean[0]!)} at step ${steps[0]}, ${number(mean.at(-1)!)} at step ${steps.at(-1)}`;
  return html`<figure class="chart">
    <figcaption>${title}</figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${description}">
      ${gridLines([low, (low + high) / 2, high], y, number)}
      <path class="raw" d="${line(values)}" />
      <path class="line" d="${line(mean)}" />
      <text class="tick" x="${box.left}" y="${HEIGHT - 6}">step ${steps[0]}</text>
      <text class="tick" x="${box.right}" y="${HEIGHT - 6}" text-anchor="end">${steps.at(-1)}</text>
    </svg>
  </figure>`;
}

function gridLines(
  values: readonly number[],
  y: (value: number) => number,
  label: (value: number) => string,
): Markup[] {
  return values.map(
    (value) =>
      html`<line class="grid" x1="${box.left}" x2="${box.right}" y1="${y(value)}" y2="${y(value)}" />
        <text class="tick" x="${box.left - 6}" y="${y(value) + 3.5}" text-anchor="end">${label(value)}</text>`,
  );
}

export interface BlendPoint {
  blend: number;
  mean: number;
  ci95: readonly [number, number];
}

/** Plots the difference to the base over the weight of the blend, with 95 % intervals. */
export const blendCurve = (title: string, points: readonly BlendPoint[]): Markup => weightCurve(title, points, signed);

/** Plots a metric itself over the weight of the blend, with 95 % intervals. */
export const valueCurve = (title: string, points: readonly BlendPoint[]): Markup => weightCurve(title, points, number);

function weightCurve(title: string, points: readonly BlendPoint[], label: (value: number) => string): Markup {
  const x = scale([0, Math.max(1, ...points.map(({ blend }) => blend))], [box.left + 8, box.right - 8]);
  const zero = label === signed ? [0] : [];
  const [low, high] = extent([...zero, ...points.flatMap(({ ci95 }) => ci95)]);
  const y = scale([low, high], [box.bottom, box.top]);
  const description = `${title}: ${points.map(({ blend, mean }) => `${label(mean)} at blend ${blend}`).join(', ')}`;
  return html`<figure class="chart">
    <figcaption>${title}</figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${description}">
      ${gridLines([low, high], y, label)}
      ${zero.map((value) => html`<line class="zero" x1="${box.left}" x2="${box.right}" y1="${y(value)}" y2="${y(value)}" />`)}
      <path class="line" d="${path(points.map(({ blend, mean }) => [x(blend), y(mean)] as const))}" />
      ${points.map(
        ({ blend, mean, ci95 }) =>
          html`<line class="whisker" x1="${x(blend)}" x2="${x(blend)}" y1="${y(ci95[0])}" y2="${y(ci95[1])}" /><circle
              class="dot"
              cx="${x(blend)}"
              cy="${y(mean)}"
              r="4"
              ><title>blend ${blend}: ${label(mean)}</title></circle
            >
            <text class="tick" x="${x(blend)}" y="${HEIGHT - 6}" text-anchor="middle">${blend}</text>`,
      )}
    </svg>
  </figure>`;
}

/** Draws an interval on a line with a mark at zero. @param domain range of the line; includes zero */
export function intervalBar(
  mean: number,
  [low, high]: readonly [number, number],
  domain: readonly [number, number],
): Markup {
  const x = scale(domain, [4, 156]);
  return html`<svg class="interval" viewBox="0 0 160 16" aria-hidden="true">
    <line class="zero" x1="${x(0)}" x2="${x(0)}" y1="0" y2="16" />
    <line class="whisker" x1="${x(low)}" x2="${x(high)}" y1="8" y2="8" />
    <circle class="dot" cx="${x(mean)}" cy="8" r="4" />
  </svg>`;
}
