import { interval, signed } from '../../../evaluation/report/format-numbers.ts';
import type { NamedComparison } from '../../../evaluation/results.ts';

/** A difference with its 95 % interval, and what that allows to say. */
export function IntervalLine({ comparison }: { comparison: NamedComparison }) {
  const { mean, ci95 } = comparison;
  const [tone, mark, word] =
    ci95[0] > 0 ? ['good', '▲', 'better'] : ci95[1] < 0 ? ['bad', '▼', 'worse'] : ['quiet', '◆', 'undecided'];
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
