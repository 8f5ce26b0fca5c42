import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { number } from '../../../evaluation/report/format-numbers.ts';

/** A line of a plot. */
export interface PlotLine {
  label: string;
  steps: readonly number[];
  values: readonly (number | null)[];
}

export interface PlotProps {
  title: string;
  lines: readonly PlotLine[];
  /** The least value that the alarm tolerates: what lies below is shaded. */
  least?: number | undefined;
}

const HEIGHT = 170;
/** Lines are told apart by color and by dashes. */
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 2]];

const dark = matchMedia('(prefers-color-scheme: dark)');
const isDark = signal(dark.matches);
dark.addEventListener('change', () => (isDark.value = dark.matches));

/** Measures over the training steps, drawn on a canvas; its first and last values are told in words. */
export function CurvePlot({ title, lines, least }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const told = useRef<HTMLSpanElement>(null);
  const scheme = isDark.value;
  const drawn = useRef<uPlot>(undefined);
  useEffect(() => {
    const target = place.current!;
    const plot = new uPlot(optionsOf({ title, lines, least }, target, told.current!), dataOf(lines), target);
    drawn.current = plot;
    const watch = new ResizeObserver(() => plot.setSize({ width: target.clientWidth, height: HEIGHT }));
    watch.observe(target);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [title, lines.map(({ label }) => label).join('\n'), least, scheme]);
  useEffect(() => drawn.current?.setData(dataOf(lines)), [lines]);
  return (
    <figure class="plot">
      <figcaption>
        {title} <span ref={told} class="told" aria-hidden="true" />
      </figcaption>
      <div ref={place} role="img" aria-label={describe({ title, lines, least })} />
    </figure>
  );
}

function describe({ title, lines, least }: PlotProps): string {
  const each = lines.map(({ label, steps, values }) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return `${label}: nothing yet`;
    return `${label}: ${number(known[0]!)} at step ${steps[0]}, ${number(known.at(-1)!)} at step ${steps.at(-1)}`;
  });
  return `${title}. ${each.join('; ')}${least === undefined ? '' : `. The alarm tolerates no less than ${number(least)}`}`;
}

/** Joins lines over the union of their steps. */
function dataOf(lines: readonly PlotLine[]): uPlot.AlignedData {
  const tables = lines.map(({ steps, values }): uPlot.AlignedData => [[...steps], [...values]]);
  return tables.length === 1 ? tables[0]! : uPlot.join(tables);
}

const color = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function optionsOf({ lines, least }: PlotProps, target: HTMLElement, told: HTMLElement): uPlot.Options {
  const [line, quiet] = [color('--line'), color('--quiet')];
  const font = '11px system-ui, sans-serif';
  const axis = { stroke: quiet, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  return {
    width: target.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: { x: { time: false }, y: { range: (_, low, high) => withRoom(low, high, least) } },
    axes: [
      {
        ...axis,
        size: 24,
        space: 60,
        values: (_, steps) => steps.map((step) => (Number.isInteger(step) ? String(step) : '')),
      },
      {
        ...axis,
        size: 52,
        space: 34,
        values: (_, values) => values.map((value) => (value === 0 ? '0' : number(value))),
      },
    ],
    series: [
      {},
      ...lines.map(({ label, steps }, i) => ({
        label,
        stroke: color(`--curve-${(i % 5) + 1}`),
        width: 1.75,
        dash: DASHES[i % DASHES.length]!,
        spanGaps: true,
        points: { show: steps.length < 30, size: 4 },
      })),
    ],
    hooks: {
      drawClear: [(plot) => least !== undefined && shade(plot, least)],
      setCursor: [(plot) => (told.textContent = tell(plot, lines))],
    },
  };
}

function withRoom(low: number, high: number, least: number | undefined): [number, number] {
  const [from, to] = [Math.min(low, least ?? low), Math.max(high, least ?? high)];
  const room = (to - from || Math.abs(to) || 1) * 0.08;
  return [from - room, to + room];
}

/** Shades what the alarm does not tolerate. */
function shade(plot: uPlot, least: number): void {
  const { left, top, width, height } = plot.bbox;
  const y = Math.min(top + height, Math.max(top, plot.valToPos(least, 'y', true)));
  const { ctx } = plot;
  ctx.save();
  ctx.globalAlpha = 0.13;
  ctx.fillStyle = color('--bad');
  ctx.fillRect(left, y, width, top + height - y);
  ctx.globalAlpha = 0.9;
  ctx.strokeStyle = color('--bad');
  ctx.setLineDash([4, 4]);
  ctx.beginPath();
  ctx.moveTo(left, y);
  ctx.lineTo(left + width, y);
  ctx.stroke();
  ctx.restore();
}

function tell({ cursor, data }: uPlot, lines: readonly PlotLine[]): string {
  const i = cursor.idx;
  if (i === null || i === undefined) return '';
  const values = lines
    .map((_, line) => data[line + 1]?.[i])
    .map((value) => (typeof value === 'number' ? number(value) : '–'));
  return `step ${data[0][i]}: ${values.join(', ')}`;
}
