import { useSignal, useSignalEffect } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { RunsCompared } from '../../../api/watch/compare-runs.ts';
import type { StageCurves } from '../../../api/watch/run-curves.ts';
import { metricLabel } from '../../../evaluation/report/format-numbers.ts';
import { ask, load, type Asked } from '../data/client.ts';
import { addressOf } from '../data/route.ts';
import { settingText, stateOfRun } from '../data/words.ts';
import { CurvePlot } from '../parts/curve-plot.tsx';
import { IntervalLine } from '../parts/interval-line.tsx';
import { Notice, Starting } from '../parts/notice.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { measureLabel } from '../parts/tuning-curves.tsx';

/** Two to five runs side by side. */
export function CompareScreen({ ids }: { ids: readonly string[] }) {
  const asked = useSignal<Asked<RunsCompared>>({});
  const curves = useSignal<StageCurves[][]>([]);
  useSignalEffect(() => {
    document.title = 'Runs side by side · TextCraftor studio';
    void load(asked, `/api${addressOf.compare(ids)}`);
    const read = async (id: string) =>
      (await (await ask(`/api/runs/${encodeURIComponent(id)}/metrics`)).json()) as { stages: StageCurves[] };
    void Promise.all(ids.map(read)).then(
      (all) => (curves.value = all.map(({ stages }) => stages)),
      () => {},
    );
  });
  const { value, error } = asked.value;
  return (
    <>
      <h1>Runs side by side</h1>
      {error && <Notice tone="bad">{error.message}</Notice>}
      {!value && !error && <Starting what="the runs" />}
      {value && (
        <>
          <Sides compared={value} />
          {value.runs.map(
            ({ run, damage }) =>
              damage && (
                <Notice key={run} tone="bad">
                  {damage}
                </Notice>
              ),
          )}
          <Overlaid runs={ids} curves={curves.value} />
        </>
      )}
    </>
  );
}

function Sides({ compared: { runs, settings, metrics } }: { compared: RunsCompared }) {
  return (
    <div class="scroll">
      <table class="sides">
        <thead>
          <tr>
            <td />
            {runs.map(({ run, status, gamed }, i) => (
              <th key={run} scope="col">
                <Swatch index={i} /> <a href={addressOf.run(run)}>{run}</a>
                <StateMark state={stateOfRun(status, gamed)} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr class="part">
            <th scope="rowgroup" colSpan={runs.length + 1}>
              Settings that differ
            </th>
          </tr>
          {settings.length === 0 && (
            <tr>
              <td colSpan={runs.length + 1} class="quiet">
                none
              </td>
            </tr>
          )}
          {settings.map(({ key, values }) => (
            <tr key={key}>
              <th scope="row">
                <code>{key}</code>
              </th>
              {values.map((each, i) => (
                <td key={i}>{settingText(each)}</td>
              ))}
            </tr>
          ))}
        </tbody>
        <tbody>
          <tr class="part">
            <th scope="rowgroup" colSpan={runs.length + 1}>
              The chosen encoder against the base, on test prompts, with 95 % intervals
            </th>
          </tr>
          {metrics.map(({ metric, values }) => (
            <tr key={metric}>
              <th scope="row">{metricLabel(metric)}</th>
              {values.map((each, i) => (
                <td key={i}>{each ? <IntervalLine comparison={each} /> : <span class="quiet">–</span>}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The line of a run in the plots. */
function Swatch({ index }: { index: number }) {
  return (
    <svg class={`swatch curve-${index + 1}`} viewBox="0 0 28 8" width="28" height="8" aria-hidden="true">
      <line x1="0" y1="4" x2="28" y2="4" />
    </svg>
  );
}

function Overlaid({ runs, curves }: { runs: readonly string[]; curves: StageCurves[][] }) {
  const plots = useMemo(() => overlay(runs, curves), [runs, curves]);
  if (plots.length === 0) return null;
  return (
    <section aria-label="Curves overlaid">
      <h2>Curves</h2>
      <div class="plots">
        {plots.map(({ title, lines }) => (
          <CurvePlot key={title} title={title} lines={lines} />
        ))}
      </div>
    </section>
  );
}

/** One plot for each measure of the encoder's tuning, with a line for each run. */
function overlay(runs: readonly string[], curves: StageCurves[][]) {
  const kinds = ['training', 'validation'] as const;
  const tuned = curves.map((stages) => stages.find(({ stage }) => stage === 'tune-encoder'));
  return kinds.flatMap((kind) => {
    const names = new Set(tuned.flatMap((stage) => stage?.[kind].series.map(({ name }) => name) ?? []));
    const shown = [...names].filter((name) =>
      kind === 'training' ? name.startsWith('reward.') : ['heldOut', 'oracle', 'diversity'].includes(name),
    );
    return shown.map((name) => ({
      title: measureLabel(name),
      lines: runs.map((run, i) => {
        const found = tuned[i]?.[kind];
        return {
          label: run,
          steps: found?.steps ?? [],
          values: found?.series.find((each) => each.name === name)?.values ?? [],
        };
      }),
    }));
  });
}
