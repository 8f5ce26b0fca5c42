import type { State } from '../data/words.ts';

/** A state in a mark and a word, colored. */
export function StateMark({ state: { mark, word, tone } }: { state: State }) {
  return (
    <span class={`state ${tone}`}>
      <span aria-hidden="true">{mark}</span> {word}
    </span>
  );
}
