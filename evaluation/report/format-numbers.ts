import { CHAMPION_EXPORTED } from '../arms/arm-names.ts';

/** Formats a number with about three significant digits. */
export function number(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  if (size < 1e-12) return '0.000'; // the remainder of a sum that is zero
  if (size < 0.001 || size >= 1e6) return minus(value.toExponential(1));
  return minus(value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3));
}

/** Formats a number with its sign. */
export const signed = (value: number): string => (value > 1e-12 ? `+${number(value)}` : number(value));

/** Formats the ends of an interval. */
export const interval = ([low, high]: readonly [number, number]): string => `${signed(low)} to ${signed(high)}`;

export const percent = (share: number): string => `${minus((100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0))} %`;

/** The typographic minus, as wide as a plus. */
const minus = (text: string): string => text.replace(/-/g, '−');

export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  const rest = Math.round(seconds) % 60;
  return minutes < 60 ? `${minutes} min ${rest} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${units[power]}`;
}

/** Formats a count with spaces between the thousands. */
export const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f');

/** Returns a metric's name in the report. */
export function metricLabel(metric: string): string {
  const names: Record<string, string> = {
    oracle: 'Oracle',
    quality: 'Quality (oracle)',
    heldOut: 'Held-out reward',
    diversity: 'Diversity',
  };
  const [whole, part] = metric.split('.') as [string, string?];
  if (metric.startsWith('style.')) return `Style: ${part}`;
  return (names[whole] ?? whole) + (part === undefined ? '' : `: ${part}`);
}

/** Returns an arm's name in the report. */
export function armLabel(arm: string): string {
  if (arm === CHAMPION_EXPORTED) return 'exported champion';
  return arm.startsWith('blend-') ? `blend ${arm.slice(6)}` : arm;
}

/** What the 95 % interval of a difference allows to say. */
export type Verdict = 'better' | 'worse' | 'undecided';

/** Returns the verdict on a difference of which more is better: whether its interval excludes 0, and on which side. */
export const verdictOf = ({ ci95: [low, high] }: { readonly ci95: readonly [low: number, high: number] }): Verdict =>
  low > 0 ? 'better' : high < 0 ? 'worse' : 'undecided';
