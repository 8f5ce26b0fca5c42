import { formatBytes, formatSeconds } from '../../common/text/format.ts';
import { visibleLine } from '../../common/text/visible.ts';
import { Pace, type Speed } from './pace.ts';

/** Draws a share as a bar: `█████░░░░░`. */
export function bar(done: number, total: number, width = 10): string {
  const full = total > 0 ? Math.min(width, Math.floor((width * done) / total)) : 0;
  return '█'.repeat(full) + '░'.repeat(width - full);
}

/** Says how fast something goes and how long it still takes: `3.2/s, 28 s left`. */
export function describeSpeed(speed: Speed | undefined, unit: 'bytes' | 'count' = 'count'): string[] {
  if (!speed || speed.rate <= 0) return [];
  const { rate, remaining } = speed;
  const perSecond =
    unit === 'bytes' ? `${formatBytes(rate)}/s` : rate >= 1 ? `${short(rate)}/s` : `${short(60 * rate)}/min`;
  return [perSecond, `${formatSeconds(remaining)} left`];
}

const short = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(2));

/** Shortens a line to a width, with a mark where it was cut. */
export const fit = (line: string, width: number): string =>
  line.length <= width ? line : `${line.slice(0, width - 1)}…`;

/** Interval of drawing; drawing each step of thousands would cost more than the work. */
const drawMilliseconds = 100;

/** A bar on one line of a terminal, redrawn in place: how much is done, how fast, how long it still takes, and of what. */
export class ProgressBar {
  readonly #out: NodeJS.WriteStream;
  readonly #unit: 'bytes' | 'count';
  readonly #pace = new Pace();
  #drawnAt = -Infinity;
  #drawn = '';

  constructor(out: NodeJS.WriteStream, unit: 'bytes' | 'count') {
    this.#out = out;
    this.#unit = unit;
  }

  /** Shows a state; the line is ended when everything is done. @param what is cut where the line is too long */
  show(what: string, done: number, total: number): void {
    const now = performance.now();
    const speed = this.#pace.observe('', done, total, now / 1000);
    if (done < total && now - this.#drawnAt < drawMilliseconds) return;
    this.#drawnAt = now;
    const amount = this.#unit === 'bytes' ? `${formatBytes(done)} of ${formatBytes(total)}` : `${done} of ${total}`;
    const percent = total > 0 ? `${Math.floor((100 * done) / total)} %` : '100 %';
    const facts = [percent.padStart(5), amount, ...(done < total ? describeSpeed(speed, this.#unit) : []), what];
    const line = fit(visibleLine(`${bar(done, total)} ${facts.join(', ')}`), (this.#out.columns || 80) - 1);
    const end = done >= total ? '\n' : '';
    if (line === this.#drawn && end === '') return;
    this.#drawn = end === '' ? line : '';
    this.#out.write(`\r\x1b[K${line}${end}`);
  }
}
