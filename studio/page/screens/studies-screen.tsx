import { useSignal, useSignalEffect } from '@preact/signals';
import { armLabel } from '../../../evaluation/report/format-numbers.ts';
import type { StudyList } from '../../server/study-routes.ts';
import { load, send, type Asked } from '../data/client.ts';
import { addressOf, goTo } from '../data/route.ts';
import { localTime } from '../data/state-words.ts';
import { Notice, Starting } from '../parts/notice.tsx';
import { ShareLine } from '../parts/share-line.tsx';

/** Blind comparisons: what there are, and a form for another one. */
export function StudiesScreen() {
  const asked = useSignal<Asked<StudyList>>({});
  useSignalEffect(() => {
    document.title = 'Blind comparisons · TextCraftor studio';
    void load(asked, `/api${addressOf.studies}`);
  });
  const { value, error } = asked.value;
  return (
    <>
      <h1>Blind comparisons</h1>
      <p class="lead quiet">
        Which picture is better? People see two at a time and are not told what made them. Rewards can be gamed; people
        less so.
      </p>
      {error && <Notice tone="bad">{error.message}</Notice>}
      {!value && !error && <Starting what="the comparisons" />}
      {value?.damage.map((sentence) => (
        <Notice key={sentence} tone="bad">
          {sentence}
        </Notice>
      ))}
      {value && value.studies.length > 0 && <StudyTable studies={value.studies} />}
      {value && (value.runs.length > 0 ? <NewStudy runs={value.runs} /> : <NothingToCompare />)}
    </>
  );
}

function NothingToCompare() {
  return (
    <section class="empty">
      <h2>No pictures yet</h2>
      <p>
        A comparison shows the pictures that a run’s evaluation keeps. When a run has been evaluated, one can begin
        here: <code>npx textcraftor run</code>
      </p>
    </section>
  );
}

function StudyTable({ studies }: { studies: StudyList['studies'] }) {
  return (
    <table class="studies">
      <thead>
        <tr>
          <th>comparison</th>
          <th>arms</th>
          <th>votes</th>
          <th>win rate of the second arm</th>
        </tr>
      </thead>
      <tbody>
        {studies.map(({ id, run, arms, createdAt, pairs, raters, matches }) => (
          <tr key={id}>
            <th scope="row">
              <a href={addressOf.study(id)}>{localTime(createdAt)}</a>
              <small>{run}</small>
            </th>
            <td>{arms.map(armLabel).join(', ')}</td>
            <td>
              {raters.reduce((sum, { votes }) => sum + votes, 0)} votes
              <small>
                {raters.length === 1 ? '1 person' : `${raters.length} people`}, {pairs} pairs
              </small>
            </td>
            <td>
              {arms.length === 2 && matches[0] ? (
                <ShareLine {...matches[0]} />
              ) : (
                <a href={addressOf.study(id)}>see all</a>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Most arms, and those that are chosen at first. */
const [MOST, FIRST] = [6, ['base', 'chosen']] as const;

function NewStudy({ runs }: { runs: StudyList['runs'] }) {
  const run = useSignal(runs[0]!);
  const arms = useSignal<readonly string[]>(FIRST);
  const count = useSignal(runs[0]!.prompts);
  const refusal = useSignal('');
  const chosen = run.value.arms.filter((arm) => arms.value.includes(arm));
  const choose = (name: string) => {
    run.value = runs.find((each) => each.run === name)!;
    count.value = run.value.prompts;
  };
  const begin = async (event: SubmitEvent) => {
    event.preventDefault();
    const body = { run: run.value.run, arms: chosen, count: count.value };
    const answer = await send<{ id: string }>('/api/studies', body);
    if ('error' in answer) refusal.value = answer.error.message;
    else goTo(addressOf.vote(answer.value.id, ''));
  };
  return (
    <form class="card" onSubmit={(event) => void begin(event)}>
      <h2>Begin a comparison</h2>
      <label>
        Run
        <select value={run.value.run} onChange={({ currentTarget }) => choose(currentTarget.value)}>
          {runs.map(({ run: name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <ArmChoice known={run.value.arms} chosen={chosen} onChange={(next) => (arms.value = next)} />
      <label>
        Prompts, of {run.value.prompts}
        <input
          type="number"
          min="1"
          max={run.value.prompts}
          required
          value={count}
          onInput={({ currentTarget }) => (count.value = currentTarget.valueAsNumber)}
        />
      </label>
      <p class="bar">
        <button type="submit" disabled={chosen.length < 2 || chosen.length > MOST}>
          Begin
        </button>
        <span class="quiet" role="status">
          {chosen.length < 2 || chosen.length > MOST
            ? `Choose two to ${MOST} arms.`
            : `${((chosen.length * (chosen.length - 1)) / 2) * (count.value || 0)} pairs for each person`}
        </span>
      </p>
      {refusal.value && <Notice tone="bad">{refusal.value}</Notice>}
    </form>
  );
}

interface ArmChoiceProps {
  known: readonly string[];
  chosen: readonly string[];
  onChange: (arms: string[]) => void;
}

function ArmChoice({ known, chosen, onChange }: ArmChoiceProps) {
  return (
    <fieldset class="checks">
      <legend>Arms</legend>
      {known.map((arm) => (
        <label key={arm}>
          <input
            type="checkbox"
            checked={chosen.includes(arm)}
            onChange={({ currentTarget }) =>
              onChange(currentTarget.checked ? [...chosen, arm] : chosen.filter((each) => each !== arm))
            }
          />{' '}
          {armLabel(arm)}
        </label>
      ))}
    </fieldset>
  );
}
