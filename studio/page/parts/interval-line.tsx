import { interval, signed } from '../../../evaluation/report/format-numbers.ts';
import type { NamedComparison } from '../../../evaluation/results.ts';

/** A difference with its 95 % interval, and what that allows to say. */
export function IntervalLine({ comparison }: { comparison: NamedComparison }) {
  const { mean, ci95, metric } = comparison;
  const [tone, mark, word] = said(ci95, metric.startsWith('style.'));
  return (
    <span class="difference">
      <span class="number">{signed(mean)}</span>{' '}
      <span class={`state ${tone}`}>
        <span aria-hidden="true">{mark}</span> {word}
      </span>
      <small>{interval(ci95)}</small>
    </span>
  );
}

/** A style is neither better nor worse: there is more or less of it. */
function said([low, high]: readonly [number, number], isStyle: boolean): [tone: string, mark: string, word: string] {
  if (low > 0) return isStyle ? ['quiet', '▲', 'more'] : ['good', '▲', 'better'];
  if (high < 0) return isStyle ? ['quiet', '▼', 'less'] : ['bad', '▼', 'worse'];
  return ['quiet', '◆', 'undecided'];
}
