import { interval, signed, verdictOf, type Verdict } from '../../../evaluation/report/format-numbers.ts';
import type { NamedComparison } from '../../../evaluation/results.ts';

const looks: Record<Verdict, { tone: string; mark: string }> = {
  better: { tone: 'good', mark: '▲' },
  worse: { tone: 'bad', mark: '▼' },
  undecided: { tone: 'quiet', mark: '◆' },
};
/** A style is neither better nor worse: there is more or less of it. */
const styleWords: Record<Verdict, string> = { better: 'more', worse: 'less', undecided: 'undecided' };

/** A difference with its 95 % interval, and what that allows to say. */
export function IntervalLine({ comparison }: { comparison: NamedComparison }) {
  const { mean, ci95, metric } = comparison;
  const isStyle = metric.startsWith('style.');
  const verdict = verdictOf(comparison);
  const { tone, mark } = looks[verdict];
  return (
    <span class="difference">
      <span class="number">{signed(mean)}</span>{' '}
      <span class={`state ${isStyle ? 'quiet' : tone}`}>
        <span aria-hidden="true">{mark}</span> {isStyle ? styleWords[verdict] : verdict}
      </span>
      <small>{interval(ci95)}</small>
    </span>
  );
}
