import { useSignal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { StageCurves } from '../../../api/watch/run-curves.ts';
import type { WatchedRun } from '../../../api/watch/watched-run.ts';
import { duration, size } from '../../../evaluation/report/format-numbers.ts';
import type { StageFile } from '../../../pipeline/runs/run.ts';
import { follow, load, type Asked } from '../data/client.ts';
import { addressOf } from '../data/route.ts';
import { localTime, progressOf, rateOf, stateOfRun, stateOfStage, workersSentence, type Look } from '../data/words.ts';
import { Notice, Starting } from '../parts/notice.tsx';
import { StageGraph } from '../parts/stage-graph.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { TuningCurves } from '../parts/tuning-curves.tsx';

/** A run while it works, and afterwards. */
export function RunScreen({ id }: { id: string }) {
  const asked = useSignal<Asked<WatchedRun>>({});
  const curves = useSignal<Asked<{ stages: StageCurves[] }>>({});
  useSignalEffect(() => {
    document.title = `${id} · TextCraftor studio`;
    const path = `/api/runs/${encodeURIComponent(id)}`;
    return follow(`/api/events?run=${encodeURIComponent(id)}`, {
      run: () => load(asked, path),
      metrics: () => load(curves, `${path}/metrics`),
    });
  });
  const { value: run, error } = asked.value;
  return (
    <>
      <h1>{id}</h1>
      {error && error.kind !== 'Unreachable' && <Notice tone="bad">{error.message}</Notice>}
      {!run && !error && <Starting what="the run" />}
      {run && <RunHead run={run} />}
      {run && <StageGraph run={run} />}
      {run && <StageTable run={run} />}
      {curves.value.value?.stages.map((stage) => (
        <TuningCurves key={stage.stage} curves={stage} />
      ))}
    </>
  );
}

function RunHead({ run }: { run: WatchedRun }) {
  const { status, gamed, createdAt, error, damage, stages } = run;
  const isDone = stages.some(({ name, artifact }) => name === 'evaluate' && artifact);
  const sentence = workersSentence(run, Date.now());
  return (
    <>
      <p class="meta">
        <StateMark state={stateOfRun(status, gamed)} />
        <span>started {localTime(createdAt)}</span>
        {isDone && <a href={addressOf.result(run.run)}>Result</a>}
      </p>
      {error && <Notice tone="bad">{error.message}</Notice>}
      {damage && <Notice tone="bad">{damage}</Notice>}
      {sentence && <Notice tone={run.workers === 'gone' ? 'bad' : 'quiet'}>{sentence}</Notice>}
      {status === 'paused' && (
        <Notice>
          Paused. Go on with: <code>textcraftor resume {run.run}</code>
        </Notice>
      )}
      <p class="unseen" role="status" aria-live="polite">
        {announce(run)}
      </p>
    </>
  );
}

/** What is read aloud: changes of stages, not of steps. */
function announce({ stages, status }: WatchedRun): string {
  const current = stages.find((stage) => stage.status === 'running');
  const done = stages.filter((stage) => stage.status === 'ran' || stage.status === 'reused').length;
  return `Run ${status}, ${done} of ${stages.length} stages done${current ? `, ${current.name} is running` : ''}`;
}

function StageTable({ run }: { run: WatchedRun }) {
  return (
    <div class="scroll">
      <table class="stages">
        <thead>
          <tr>
            <th>stage</th>
            <th>state</th>
            <th class="n">time</th>
            <th class="n">artifact</th>
            <th>why, and how far</th>
          </tr>
        </thead>
        <tbody>
          {run.stages.map((stage) => (
            <StageLine key={stage.name} stage={stage} run={run} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function StageLine({ stage, run }: { stage: StageFile; run: WatchedRun }) {
  const { name, status, seconds, artifact, why, error, attempt } = stage;
  return (
    <tr id={`stage-${name}`} tabIndex={-1}>
      <th scope="row">{name}</th>
      <td>
        <StateMark state={stateOfStage(stage, run.status)} />
      </td>
      <td class="n">{status === 'pending' ? '' : duration(timeOf(stage, seconds))}</td>
      <td class="n">{artifact && <span title={artifact.sha256}>{size(artifact.bytes)}</span>}</td>
      <td class="why">
        {error ? <span class="state bad">{error.message}</span> : why}
        {attempt !== undefined && attempt > 1 && <small>attempt {attempt}</small>}
        {status === 'running' && <Progress stage={stage} />}
      </td>
    </tr>
  );
}

function timeOf({ status, startedAt }: StageFile, seconds: number): number {
  return status === 'running' && startedAt !== undefined
    ? Math.max(0, (Date.now() - Date.parse(startedAt)) / 1000)
    : seconds;
}

/** The rate is that of the looks since the page was opened; before there are two, that since the stage began. */
function Progress({ stage }: { stage: StageFile }) {
  const looks = useRef<Look[]>([]);
  const progress = progressOf(stage);
  if (!progress) return null;
  const { done, total, unit } = progress;
  const last = looks.current.at(-1);
  if (last && done < last.done) looks.current = [];
  if (last?.done !== done) looks.current = [...looks.current, { at: Date.now(), done }].slice(-120);
  const startedAt = stage.startedAt === undefined ? undefined : Date.parse(stage.startedAt);
  const rate = rateOf(looks.current, { total, startedAt });
  return (
    <span class="progress">
      <progress max={total} value={done} aria-label={stage.name} /> {done} of {total} {unit}
      {rate &&
        `, ${rate.rate >= 1 ? `${rate.rate.toFixed(1)} per second` : `${(1 / rate.rate).toFixed(1)} s each`}, about ${duration(rate.left)} left`}
    </span>
  );
}
