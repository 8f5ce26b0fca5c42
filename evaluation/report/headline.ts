import { mean } from '../../common/statistics.ts';
import { intervalBar } from './charts.ts';
import type { ReportData } from './report-data.ts';
import type { NamedComparison } from '../results.ts';
import { count, interval, metricLabel, number, percent, signed, verdictOf, type Verdict } from './format-numbers.ts';
import { html, type Markup } from './markup.ts';
import { CHOSEN, EXPORTED } from '../arms/arm-names.ts';
import { DIVERSITY, isGoal } from '../comparison/metrics.ts';
import { EXACT_METRICS } from '../evaluation-names.ts';

const marks: Record<Verdict, string> = { better: '▲', worse: '▼', undecided: '◆' };

/** Renders a verdict as a word with its mark: never color alone. */
export function badge(comparison: Pick<NamedComparison, 'ci95'>): Markup {
  const result = verdictOf(comparison);
  return html`<span class="badge ${result}">${marks[result]} ${result}</span>`;
}

/** Returns the range of a metric's line: all of its intervals and zero. */
export function domainOf(comparisons: readonly NamedComparison[]): [number, number] {
  const ends = comparisons.flatMap(({ ci95 }) => ci95);
  return [Math.min(0, ...ends), Math.max(0, ...ends)];
}

/** Renders the chosen encoder and its exported files against the base on every metric, one card each. */
export function headline({ comparisons, scores, sweep, trained }: ReportData): Markup {
  const of = (own: string) =>
    comparisons.filter(({ arm, against, metric }) => arm === own && against === 'base' && isGoal(metric));
  const [chosen, exported] = [of(CHOSEN), of(EXPORTED)];
  const { step, blend, unetStep } = sweep.chosen;
  const better = chosen.filter((c) => verdictOf(c) === 'better').length;
  const what =
    step === 0
      ? 'No tuned encoder did better than the base on validation prompts'
      : `Encoder of step ${step}, blended at ${String(blend)}${unetStep === undefined ? '' : `, with the UNet of step ${unetStep}`}`;
  return html`<section aria-labelledby="result">
    <h2 id="result">Result on held-out prompts</h2>
    <p class="lead">
      ${what}: better than the base on <strong>${better} of ${chosen.length}</strong> metrics, with 95 % intervals above
      zero, over ${count(chosen[0]?.n ?? 0)} test prompts that nothing was trained or chosen on. Both start from the
      same noise.
    </p>
    <p>${exportSentence(sweep)}</p>
    <div class="cards">
      ${chosen.map((own) =>
        card(
          own,
          exported.find(({ metric }) => metric === own.metric),
          scores.scores,
          trained,
        ),
      )}
    </div>
  </section>`;
}

/** Describes the exported files in a sentence. */
function exportSentence({ chosen, exported }: ReportData['sweep']): string {
  const { step, blend, unetStep } = exported.chosen;
  if (step > 0)
    return `Exported, for use in all steps: the encoder of step ${step} with ${blend} of its weight change${unetStep === undefined ? '' : `, and the UNet of step ${unetStep}`}. Above, embeddings are blended in the last steps only.`;
  return chosen.step === 0
    ? 'Nothing is exported.'
    : 'Nothing is exported: used in all steps, no share of its weight change was better than the base on validation prompts.';
}

function card(
  comparison: NamedComparison,
  exported: NamedComparison | undefined,
  scores: ReportData['scores']['scores'],
  trained: readonly string[],
): Markup {
  const { metric, mean, ci95, winRate } = comparison;
  return html`<article class="card">
    <h3>${metricLabel(metric)} <small>${kind(metric, trained)}</small></h3>
    <p class="big">${signed(mean)} ${badge(comparison)}</p>
    <p>${number(average(scores['base']?.[metric]))} → ${number(average(scores['chosen']?.[metric]))}</p>
    ${intervalBar(mean, ci95, domainOf([comparison]))}
    <p class="quiet">95 % interval ${interval(ci95)}, wins ${percent(winRate)}</p>
    ${
      exported
        ? html`<p class="quiet">exported ${signed(exported.mean)}, ${interval(exported.ci95)} ${badge(exported)}</p>`
        : undefined
    }
  </article>`;
}

/** Says whether the encoder was trained on a metric. */
export function kind(metric: string, trained: readonly string[]): string {
  if (trained.includes(metric)) return 'trained on';
  if (metric === DIVERSITY) return 'between the pictures of a prompt';
  return EXACT_METRICS.includes(metric) ? 'exact, never trained on' : 'never trained on';
}

function average(values: readonly (number | null)[] = []): number {
  const known = values.filter((value) => value !== null);
  return mean(known);
}
