import { useMemo } from 'preact/hooks';
import type { Curves, Series, StageCurves } from '../../../api/watch/run-curves.ts';
import { metricLabel } from '../../../evaluation/report/format-numbers.ts';
import { CurvePlot } from './curve-plot.tsx';
import { Notice } from './notice.tsx';

/** Names of training measures; rewards have their own. */
const LABELS: Record<string, string> = {
  gradientNorm: 'gradient norm',
  deltaNorm: 'norm of the weight change',
  learningRate: 'learning rate',
  attributes: 'share of a prompt that is right',
  total: 'weighted sum of the trained rewards',
};

/** The name of a measure in a plot's title. */
export const measureLabel = (name: string): string =>
  LABELS[name] ?? (name.startsWith('reward.') ? `${name.slice('reward.'.length)} (trained)` : metricLabel(name));

/** Training rewards and what the alarm watches first; loss, norms and the parts of the exact judge are folded away. */
const isMain = (name: string, kind: 'training' | 'validation'): boolean =>
  kind === 'training'
    ? name.startsWith('reward.')
    : ['heldOut', 'oracle', 'diversity', 'attributes', 'total'].includes(name);

/** What a tuning stage measures: trained rewards beside what it is not trained on. */
export function TuningCurves({ curves: { stage, training, validation } }: { curves: StageCurves }) {
  if (training.steps.length === 0) return <Notice>{stage} has no step behind it yet.</Notice>;
  const rest = {
    training: training.series.filter(({ name }) => !isMain(name, 'training')),
    validation: validation.series.filter(({ name }) => !isMain(name, 'validation')),
  };
  return (
    <section aria-label={`Curves of ${stage}`}>
      <h2>{stage}: trained rewards</h2>
      <p class="quiet">Means over each step's training pictures.</p>
      <Plots curves={training} series={training.series.filter(({ name }) => isMain(name, 'training'))} />
      {validation.steps.length > 0 && (
        <>
          <h2>{stage}: what it is not trained on</h2>
          <p class="quiet">
            On validation prompts, at each check of the alarm; step 0 is the base. A shaded range is what the alarm does
            not tolerate.
          </p>
          <Plots curves={validation} series={validation.series.filter(({ name }) => isMain(name, 'validation'))} />
        </>
      )}
      <details>
        <summary>Loss, norms and single attributes</summary>
        <Plots curves={training} series={rest.training} />
        <Plots curves={validation} series={rest.validation} />
      </details>
    </section>
  );
}

function Plots({ curves, series }: { curves: Curves; series: readonly Series[] }) {
  return (
    <div class="plots">
      {series.map((each) => (
        <Plot key={each.name} curves={curves} series={each} />
      ))}
    </div>
  );
}

function Plot({ curves, series: { name, values, least } }: { curves: Curves; series: Series }) {
  const lines = useMemo(() => [{ label: name, steps: curves.steps, values }], [name, curves.steps, values]);
  return <CurvePlot title={measureLabel(name)} lines={lines} least={least} />;
}
