import type { RunReport } from '../../api/runs/report-of-run.ts';
import { formatTable } from '../../common/text/format.ts';
import { CHOSEN, EXPORTED } from '../../evaluation/arms/arm-names.ts';
import { isGoal } from '../../evaluation/comparison/metrics.ts';
import { interval, metricLabel, signed, verdictOf } from '../../evaluation/report/format-numbers.ts';
import type { NamedComparison } from '../../evaluation/results.ts';

/** What a run has, as far as its end is described. */
export type Ended = Pick<RunReport, 'run' | 'report' | 'chosen' | 'exported' | 'comparisons'>;

/** Says what a finished run measured: each metric of its chosen encoder with its interval, and better or not. */
export function formatResult({ chosen, comparisons }: Ended): string | undefined {
  const of = (own: string) =>
    comparisons.filter(({ arm, against, metric }) => arm === own && against === 'base' && isGoal(metric));
  const [own, exported] = [of(CHOSEN), of(EXPORTED)];
  if (!chosen || own.length === 0) return undefined;
  if (chosen.step === 0)
    return 'Result: no tuned encoder did better than the original on validation prompts; it was kept.';
  const unet = chosen.unetStep === undefined ? '' : `, with the UNet of step ${chosen.unetStep}`;
  const head = `Result: the encoder of step ${chosen.step} at weight ${chosen.blend}${unet}, against the original on ${own[0]!.n} test prompts`;
  const columns = ['', 'difference (95 %)', '', ...(exported.length > 0 ? ['as exported files', ''] : [])];
  const rows = own.map((comparison) => [
    `  ${metricLabel(comparison.metric)}`,
    ...cells(comparison),
    ...cells(exported.find(({ metric }) => metric === comparison.metric)),
  ]);
  return `${head}:\n${formatTable([columns, ...rows])}`;
}

function cells(comparison: NamedComparison | undefined): string[] {
  if (!comparison) return [];
  return [`${signed(comparison.mean)} (${interval(comparison.ci95)})`, verdictOf(comparison)];
}

/** Lists what can be done with a finished run; what could not help is left out. */
export function nextCommands({ run, report, chosen, exported }: Ended): string | undefined {
  const rows = [
    ...(report === null ? [] : [[`  textcraftor open ${run}`, 'the report, with pictures']]),
    ...(chosen && chosen.step > 0
      ? [
          [
            `  textcraftor generate --text-encoder ${run} ${exported.step === null ? '--as evaluated ' : ''}--prompt "a red cat" --out pictures`,
            'pictures with it',
          ],
        ]
      : []),
    ...(exported.step === null ? [] : [[`  textcraftor export ${run} --out exported`, 'files for other programs']]),
  ];
  return rows.length === 0 ? undefined : `Next:\n${formatTable(rows)}`;
}
