import type { Bootstraps } from '../../common/statistics.ts';
import { signed } from '../report/format-numbers.ts';
import { html } from '../report/markup.ts';
import type { Results } from './paper-results.ts';

const [LEFT, RIGHT, ROW, TOP] = [150, 560, 22, 34];

/**
 * Draws every arm's difference from the base with its 95 % interval, as an SVG file. Arms of other UNets are left out,
 * since their pictures differ.
 */
export function armPlot(results: Results, metric: string, title: string, bootstraps: Bootstraps): string {
  const base = results['base']![metric]!;
  const arms = Object.keys(results).filter((arm) => arm !== 'base' && results[arm]![metric]?.length === base.length);
  const rows = arms.map((arm) => ({ arm, ...bootstraps.compare(results[arm]![metric]!, base) }));
  const ends = [0, ...rows.flatMap(({ ci95 }) => ci95)];
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const x = (value: number) => Math.round(LEFT + ((value - low) / (high - low || 1)) * (RIGHT - LEFT));
  const height = TOP + ROW * rows.length + 10;
  return html`<svg
    xmlns="http://www.w3.org/2000/svg"
    viewBox="0 0 660 ${height}"
    font-family="sans-serif"
    font-size="12"
  >
    <rect width="660" height="${height}" fill="white" />
    <text x="10" y="20" font-weight="bold">${title}: difference from the base, 95 % intervals</text>
    <line x1="${x(0)}" x2="${x(0)}" y1="${TOP - 6}" y2="${height - 8}" stroke="#999" stroke-dasharray="3 3" />
    ${rows.map(({ arm, mean, ci95 }, i) => {
      const y = TOP + ROW * i + 8;
      return html`<text x="${LEFT - 10}" y="${y + 4}" text-anchor="end">${arm}</text>
        <line x1="${x(ci95[0])}" x2="${x(ci95[1])}" y1="${y}" y2="${y}" stroke="#2563eb" stroke-width="2" />
        <circle cx="${x(mean)}" cy="${y}" r="4" fill="#2563eb" />
        <text x="${RIGHT + 12}" y="${y + 4}">${signed(mean)}</text>`;
    })}
  </svg> `.text;
}
