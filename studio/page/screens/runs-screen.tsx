import { useSignal, useSignalEffect, type Signal } from '@preact/signals';
import type { RunRow } from '../../../api/watch/run-rows.ts';
import { duration, metricLabel } from '../../../evaluation/report/format-numbers.ts';
import { follow, load, type Asked } from '../data/client.ts';
import { addressOf, goTo } from '../data/route.ts';
import { localTime, settingText, stateOfRun } from '../data/words.ts';
import { IntervalLine } from '../parts/interval-line.tsx';
import { Notice, Starting } from '../parts/notice.tsx';
import { StateMark } from '../parts/state-mark.tsx';

/** Most runs that are compared at once. */
const MOST = 5;

/** The table of runs. */
export function RunsScreen() {
  const asked = useSignal<Asked<{ runs: RunRow[] }>>({});
  const chosen = useSignal<readonly string[]>([]);
  useSignalEffect(() => {
    document.title = 'Runs · TextCraftor studio';
    return follow('/api/events', { runs: () => load(asked, '/api/runs') });
  });
  const { value, error } = asked.value;
  return (
    <>
      <h1>Runs</h1>
      {error && error.kind !== 'Unreachable' && <Notice tone="bad">{error.message}</Notice>}
      {!value && !error && <Starting what="the runs" />}
      {value?.runs.length === 0 && <EmptyProject />}
      {value && value.runs.length > 0 && (
        <>
          <CompareBar chosen={chosen.value} />
          <RunTable runs={value.runs} chosen={chosen} />
        </>
      )}
    </>
  );
}

function EmptyProject() {
  return (
    <section class="empty">
      <h2>No runs yet</h2>
      <p>
        Start one in a terminal, and it appears here: <code>npx textcraftor run</code>
      </p>
      <p class="quiet">
        The embedded world needs no other files. A run's plan: <code>npx textcraftor plan</code>
      </p>
    </section>
  );
}

function CompareBar({ chosen }: { chosen: readonly string[] }) {
  const isReady = chosen.length >= 2;
  return (
    <p class="bar">
      <button type="button" disabled={!isReady} onClick={() => goTo(addressOf.compare(chosen))}>
        Compare
      </button>{' '}
      <span class="quiet" role="status">
        {isReady ? `${chosen.length} runs chosen` : `Choose two to ${MOST} runs to compare them side by side.`}
      </span>
    </p>
  );
}

/** Moves between the runs by the arrow keys, or j and k. */
function move(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
  if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  const links = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('a.run')];
  const row = (event.target as Element).closest('tr');
  const next = links[links.findIndex((link) => link.closest('tr') === row) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function RunTable({ runs, chosen }: { runs: RunRow[]; chosen: Signal<readonly string[]> }) {
  return (
    <table class="runs" onKeyDown={move}>
      <thead>
        <tr>
          <th>
            <span class="unseen">compare</span>
          </th>
          <th>run</th>
          <th>state</th>
          <th>changed since the run before</th>
          <th>score, against the base</th>
          <th class="n">duration</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((row) => (
          <RunLine key={row.run} row={row} chosen={chosen} />
        ))}
      </tbody>
    </table>
  );
}

function RunLine({ row, chosen }: { row: RunRow; chosen: Signal<readonly string[]> }) {
  const { run, status, gamed, createdAt, finishedAt, stages, score, damage } = row;
  const isChosen = chosen.value.includes(run);
  const choose = () => {
    chosen.value = isChosen ? chosen.value.filter((each) => each !== run) : [...chosen.value, run];
  };
  const end = finishedAt ?? (status === 'running' ? new Date().toISOString() : undefined);
  return (
    <tr>
      <td class="choose">
        <input
          type="checkbox"
          aria-label={`Compare ${run}`}
          checked={isChosen}
          disabled={!isChosen && chosen.value.length >= MOST}
          onChange={choose}
        />
      </td>
      <th scope="row">
        <a class="run" href={addressOf.run(run)}>
          {run}
        </a>
        <small>{localTime(createdAt)}</small>
      </th>
      <td>
        <StateMark state={stateOfRun(status, gamed)} />
        <small>
          {stages.done} of {stages.total} stages{stages.current ? `, ${stages.current}` : ''}
        </small>
      </td>
      <td class="changes">
        <Changes row={row} />
      </td>
      <td>
        {score && (
          <>
            <small class="label">{metricLabel(score.metric)}</small>
            <IntervalLine comparison={score} />
          </>
        )}
        {damage && <span class="state bad">! damaged</span>}
        {!score && !damage && <span class="quiet">–</span>}
      </td>
      <td class="n">{end ? duration((Date.parse(end) - Date.parse(createdAt)) / 1000) : '–'}</td>
    </tr>
  );
}

function Changes({ row: { changes } }: { row: RunRow }) {
  if (!changes) return <span class="quiet">the first run</span>;
  if (changes.length === 0) return <span class="quiet">nothing</span>;
  const shown = changes.slice(0, 3);
  return (
    <ul class="plain">
      {shown.map(({ key, from, to }) => (
        <li key={key}>
          <code>{key}</code> {settingText(from)} → {settingText(to)}
        </li>
      ))}
      {changes.length > shown.length && <li class="quiet">and {changes.length - shown.length} more</li>}
    </ul>
  );
}
