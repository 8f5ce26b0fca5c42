import { percent } from '../../../evaluation/report/format-numbers.ts';

export interface ShareLineProps {
  share: number | null;
  ci95: readonly [low: number, high: number] | null;
  cases: number;
}

/** A share with its 95 % interval, in words and on a line from 0 to 1 with its middle marked. */
export function ShareLine({ share, ci95, cases }: ShareLineProps) {
  if (share === null || ci95 === null) return <span class="quiet">nothing decided yet</span>;
  const tone = ci95[0] > 0.5 ? 'good' : ci95[1] < 0.5 ? 'bad' : 'quiet';
  const at = (value: number) => 4 + 152 * value;
  return (
    <span class={`share ${tone}`}>
      <svg viewBox="0 0 160 18" width="160" height="18" aria-hidden="true">
        <line class="base" x1={at(0)} x2={at(1)} y1="9" y2="9" />
        <line class="base" x1={at(0.5)} x2={at(0.5)} y1="2" y2="16" />
        <line class="range" x1={at(ci95[0])} x2={at(ci95[1])} y1="9" y2="9" />
        <circle cx={at(share)} cy="9" r="4.5" />
      </svg>{' '}
      <b class="number">{percent(share)}</b>{' '}
      <small>
        {percent(ci95[0])} to {percent(ci95[1])}, {cases} decided
      </small>
    </span>
  );
}
