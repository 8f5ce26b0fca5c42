import { useSignal, useSignalEffect } from '@preact/signals';
import { AnswerError, ask } from '../data/client.ts';
import { addressOf } from '../data/route.ts';
import { Notice, Starting } from '../parts/notice.tsx';

/** The report of a run, in a frame that can reach nothing of the studio. */
export function ResultScreen({ id }: { id: string }) {
  const state = useSignal<'reading' | 'there' | AnswerError>('reading');
  const report = `/api/runs/${encodeURIComponent(id)}/report`;
  useSignalEffect(() => {
    document.title = `Result of ${id} · TextCraftor studio`;
    ask(report).then(
      () => (state.value = 'there'),
      (error: AnswerError) => (state.value = error),
    );
  });
  const at = state.value;
  return (
    <>
      <h1>Result</h1>
      <p class="meta">
        <a href={addressOf.run(id)}>{id}</a>
        {at === 'there' && (
          <a href={report} target="_blank" rel="noopener">
            The report alone
          </a>
        )}
      </p>
      {at === 'reading' && <Starting what="the report" />}
      {at instanceof AnswerError && <Notice tone={at.kind === 'NotYetError' ? 'quiet' : 'bad'}>{at.message}</Notice>}
      {at === 'there' && <iframe class="report" title={`Report of ${id}`} src={report} sandbox="allow-scripts" />}
    </>
  );
}
