import { count } from './format-numbers.ts';
import { html, type Markup } from './markup.ts';

/** A labeled count. */
export interface Bar {
  label: string;
  value: number;
}

const [WIDTH, HEIGHT] = [280, 150];
const box = { left: 8, right: WIDTH - 8, top: 22, bottom: HEIGHT - 24 };
/** Up to this many bars, every number and label is written. */
const labeled = 8;

/** Renders columns side by side, from zero; each shows its number on hover, and always if there are few. */
export function histogram(title: string, unit: string, bars: readonly Bar[]): Markup {
  const most = Math.max(...bars.map(({ value }) => value), 1);
  const step = (box.right - box.left) / Math.max(bars.length, 4);
  const few = bars.length <= labeled;
  const largest = bars.reduce((best, bar) => (bar.value > best.value ? bar : best), bars[0]!);
  const round = (value: number): number => Math.round(value * 10) / 10;
  const column = ({ label, value }: Bar, i: number): Markup => {
    const height = value === 0 ? 0 : Math.max(1, ((box.bottom - box.top) * value) / most);
    const [x, y] = [box.left + i * step, box.bottom - height];
    const middle = round(x + step / 2);
    return html`<rect
        class="column"
        x="${round(x + step * 0.08)}"
        y="${round(y)}"
        width="${round(step * 0.84)}"
        height="${round(height)}"
      >
        <title>${label} ${unit}: ${count(value)}</title></rect
      >${few ? html`<text class="tick" x="${middle}" y="${round(y - 4)}" text-anchor="middle">${count(value)}</text><text class="tick" x="${middle}" y="${HEIGHT - 8}" text-anchor="middle">${label}</text>` : undefined}`;
  };
  const middle = Math.floor(bars.length / 3); // in front of the last label, which is long
  const ends = html`<text class="tick" x="${box.left}" y="${HEIGHT - 8}">${bars[0]!.label}</text
    ><text class="tick" x="${round(box.left + (middle + 0.5) * step)}" y="${HEIGHT - 8}" text-anchor="middle">
      ${bars[middle]!.label}</text
    ><text class="tick" x="${box.right}" y="${HEIGHT - 8}" text-anchor="end">${bars.at(-1)!.label} ${unit}</text
    ><text class="tick" x="${box.right}" y="${box.top - 8}" text-anchor="end">at most ${count(most)} a column</text>`;
  return html`<figure class="chart">
    <figcaption>${title}</figcaption>
    <svg
      viewBox="0 0 ${WIDTH} ${HEIGHT}"
      role="img"
      aria-label="${title}: most prompts (${count(largest.value)}) have ${largest.label} ${unit}"
    >
      ${bars.map(column)}
      <line class="grid" x1="${box.left}" x2="${box.right}" y1="${box.bottom}" y2="${box.bottom}" />
      ${few ? undefined : ends}
    </svg>
  </figure>`;
}
