import { useSignal, useSignalEffect } from '@preact/signals';
import { interval, metricLabel, percent } from '../../../evaluation/report/format-numbers.ts';
import type { RunResult } from '../../../api/watch/run-result.ts';
import { load, type Asked } from '../data/client.ts';
import { addressOf, query } from '../data/route.ts';
import { ArmChoice } from '../parts/arm-choice.tsx';
import { IntervalLine } from '../parts/interval-line.tsx';
import { Notice, Starting } from '../parts/notice.tsx';
import { PromptResults } from '../parts/prompt-results.tsx';

/** What a run's evaluation found, prompt by prompt, and its report, in a frame that can reach nothing of the studio. */
export function ResultScreen({ id }: { id: string }) {
  const asked = useSignal<Asked<RunResult>>({});
  const report = `/api${addressOf.run(id)}/report`;
  useSignalEffect(() => {
    document.title = `Result of ${id} · TextCraftor studio`;
    const arm = query.value.get('arm');
    if (asked.peek().value?.arm !== (arm ?? 'chosen'))
      void load(asked, `/api${addressOf.result(id)}${arm === null ? '' : `?arm=${encodeURIComponent(arm)}`}`);
  });
  const { value: result, error } = asked.value;
  return (
    <>
      <h1>Result</h1>
      <p class="meta">
        <a href={addressOf.run(id)}>{id}</a>
        {result && <a href="#report">The report</a>}
        {result && (
          <a href={report} target="_blank" rel="noopener">
            The report alone
          </a>
        )}
      </p>
      {error && <Notice tone={error.kind === 'NotYetError' ? 'quiet' : 'bad'}>{error.message}</Notice>}
      {!result && !error && <Starting what="the result" />}
      {result && <Numbers result={result} />}
      {result && <PromptResults result={result} />}
      {result && (
        <section id="report" aria-label="Report">
          <h2>Report</h2>
          <iframe class="report" title={`Report of ${id}`} src={report} sandbox="allow-scripts" loading="lazy" />
        </section>
      )}
    </>
  );
}

function Numbers({ result: { arm, arms, comparisons, trained } }: { result: RunResult }) {
  return (
    <section aria-label="Numbers">
      <h2>Against the base, on test prompts</h2>
      <p class="bar">
        <ArmChoice arm={arm} arms={arms} />
      </p>
      <ul class="numbers">
        {comparisons.map((comparison) => (
          <li key={comparison.metric}>
            <span class="quiet">
              {metricLabel(comparison.metric)}
              {trained.includes(comparison.metric) ? ' (trained)' : ''}
            </span>
            <IntervalLine comparison={comparison} />
            <small title={`95 % interval ${interval(comparison.ci95)}`}>
              better on {percent(comparison.winRate)} of {comparison.n} prompts
            </small>
          </li>
        ))}
      </ul>
    </section>
  );
}
