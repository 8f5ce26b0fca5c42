import { useSignal, useSignalEffect, type Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Ballot, Verdict } from '../../../api/studies/ballots.ts';
import { load, send, type Asked } from '../data/client.ts';
import { addressOf, query, setQuery } from '../data/route.ts';
import { Notice, Starting } from '../parts/notice.tsx';

/** Two pictures, and the question which is better. */
export function VoteScreen({ id }: { id: string }) {
  const rater = query.value.get('rater') ?? '';
  useSignalEffect(() => {
    document.title = 'Which is better? · TextCraftor studio';
  });
  return (
    <>
      <h1>Which picture is better?</h1>
      {rater === '' ? <RaterForm /> : <Voting key={rater} id={id} rater={rater} />}
    </>
  );
}

function RaterForm() {
  const name = useSignal('');
  const enter = (event: SubmitEvent) => {
    event.preventDefault();
    const rater = name.value
      .trim()
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '');
    if (rater !== '') setQuery({ rater });
  };
  return (
    <form class="card" onSubmit={enter}>
      <label>
        Your name
        <input
          type="text"
          autocomplete="nickname"
          required
          maxLength={40}
          pattern=".*[A-Za-z0-9].*"
          value={name}
          onInput={({ currentTarget }) => (name.value = currentTarget.value)}
        />
      </label>
      <p class="quiet">It keeps your votes apart from others’, so that agreement can be told.</p>
      <button type="submit">Start</button>
    </form>
  );
}

const KEYS: Record<string, Verdict> = {
  ArrowLeft: 'left',
  '1': 'left',
  ArrowRight: 'right',
  '2': 'right',
  ArrowDown: 'tie',
  '0': 'tie',
  t: 'tie',
};

function Voting({ id, rater }: { id: string; rater: string }) {
  const asked = useSignal<Asked<{ ballot: Ballot | null }>>({});
  const sending = useSignal(false);
  const refusal = useSignal('');
  const base = `/api${addressOf.study(id)}/ballots/${encodeURIComponent(rater)}`;
  useSignalEffect(() => {
    const number = query.value.get('pair');
    const path = number === null ? base : `${base}?number=${encodeURIComponent(number)}`;
    // Until the next pair is there, a key would vote on the last one again.
    void load(asked, path).then(() => (sending.value = false));
  });
  const vote = async (better: Verdict) => {
    const ballot = asked.peek().value?.ballot;
    if (!ballot || sending.peek()) return;
    sending.value = true;
    const answer = await send(`${base}/${ballot.number}`, { better });
    refusal.value = 'error' in answer ? `${answer.error.message} This vote was not kept; vote again.` : '';
    if ('error' in answer) sending.value = false;
    else setQuery({ pair: undefined });
  };
  useVoteKeys(vote, asked);
  const { value, error } = asked.value;
  if (error) return <Notice tone="bad">{error.message}</Notice>;
  if (!value) return <Starting what="the pictures" />;
  if (!value.ballot) return <Done id={id} />;
  return (
    <>
      {refusal.value && <Notice tone="bad">{refusal.value}</Notice>}
      <Pair ballot={value.ballot} pictures={`${base}/${value.ballot.number}`} busy={sending.value} onVote={vote} />
      <p class="meta">
        <a href={addressOf.study(id)}>Stop here: votes are kept</a>
      </p>
    </>
  );
}

/** Votes by keys, wherever the focus is but in a field. */
function useVoteKeys(vote: (better: Verdict) => Promise<void>, asked: Signal<Asked<{ ballot: Ballot | null }>>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const isTyping = (event.target as Element).matches('input, select, textarea');
      if (isTyping || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
      const ballot = asked.peek().value?.ballot;
      const better = KEYS[event.key];
      if (better) {
        event.preventDefault();
        void vote(better);
      } else if (event.key === 'Backspace' && ballot && ballot.number > 1) {
        event.preventDefault();
        setQuery({ pair: String(ballot.number - 1) });
      }
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  });
}

function Done({ id }: { id: string }) {
  return (
    <section class="empty">
      <h2>All pairs have a vote</h2>
      <p>
        Thank you. <a href={addressOf.study(id)}>See what people found</a>, or{' '}
        <a href={addressOf.vote(id, '')}>let somebody else vote</a>.
      </p>
    </section>
  );
}

interface PairProps {
  ballot: Ballot;
  /** Address of the pictures. */
  pictures: string;
  busy: boolean;
  onVote: (better: Verdict) => Promise<void>;
}

function Pair({ ballot: { number, total, done, prompt, better }, pictures, busy, onVote }: PairProps) {
  const button = (verdict: Verdict, text: string, key: string) => (
    <button
      type="button"
      class={better === verdict ? 'voted' : ''}
      aria-pressed={better === verdict}
      disabled={busy}
      onClick={() => void onVote(verdict)}
    >
      {text} <kbd>{key}</kbd>
    </button>
  );
  return (
    <section class="ballot" aria-label={`Pair ${number} of ${total}`}>
      <p class="asked">{prompt}</p>
      <div class="two">
        {(['left', 'right'] as const).map((side) => (
          <img
            key={`${number} ${side}`}
            src={`${pictures}/${side}`}
            alt={`The picture on the ${side}`}
            width="480"
            height="480"
          />
        ))}
      </div>
      <div class="verdicts">
        {button('left', 'Left', '←')}
        {button('tie', 'Tie', '↓')}
        {button('right', 'Right', '→')}
      </div>
      <p class="quiet bar">
        <progress max={total} value={done} aria-label="Votes" />
        <span role="status">
          Pair {number} of {total}
        </span>
        {number > 1 && (
          <button type="button" class="plainly" onClick={() => setQuery({ pair: String(number - 1) })}>
            Back <kbd>⌫</kbd>
          </button>
        )}
      </p>
    </section>
  );
}
