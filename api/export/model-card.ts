import { basename } from 'node:path';
import { sha256File } from '../../common/files.ts';
import { CHOSEN, EXPORTED } from '../../evaluation/arms/arm-names.ts';
import { isGoal } from '../../evaluation/comparison/metrics.ts';
import { interval, metricLabel, signed } from '../../evaluation/report/format-numbers.ts';
import type { NamedComparison } from '../../evaluation/results.ts';
import type { Measured } from '../../evaluation/registration.ts';
import type { JudgedEncoder } from '../encoders/judged-encoder.ts';

/** The exported networks and what is known about them. */
export interface CardFacts {
  model: string;
  /** Undefined when only paths were given. */
  judged?: JudgedEncoder | undefined;
  /** Reasons why no arm of the evaluation used exactly these networks; empty when one did. */
  unlike: readonly string[];
  /** Share of the tuned encoder's weights; undefined when the model's own encoder is written. */
  weight?: number | undefined;
  dtype: 'float32' | 'float16';
  formats: readonly string[];
}

/**
 * Returns README.md of an exported folder, as model hubs show it: the networks, and their results in all steps and in
 * the last ones.
 * @param textEncoder the exported file
 * @example
 * ```ts
 * import { networksToExport } from './api/export/export-source.ts';
 * import { cardOf } from './api/export/model-card.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const networks = await networksToExport(new Home('.textcraftor'), { run: 'latest' });
 * const card = await cardOf({ ...networks, dtype: 'float32', formats: ['diffusers'] }, networks.textEncoder);
 * ```
 */
export async function cardOf(facts: CardFacts, textEncoder: string | undefined): Promise<string> {
  const { judged, unlike, model, weight } = facts;
  const sha256 = judged && unlike.length === 0 && textEncoder !== undefined ? await sha256File(textEncoder) : undefined;
  const paragraphs = [
    `# ${basename(model)} with ${weight === undefined ? 'tuned networks' : 'a tuned text encoder'}${judged ? ` (${judged.label})` : ''}`,
    weight === undefined
      ? []
      : `The text encoder was tuned with reward models${judged ? `, ${judged.chosen.step} steps` : ''}; its weights are ${weight} times the tuned ones and ${rest(weight)} times the original ones.`,
    unlike.length > 0 || judged?.exported?.unetStep === undefined
      ? []
      : `The UNet was tuned as well, ${judged.exported.unetStep} steps.`,
    'diffusers, ComfyUI and others use a text encoder in all denoising steps, and in both guidance branches.',
    unlike.length === 0
      ? []
      : `**${notJudged(unlike)}**${judged ? ' The numbers below are for the networks that were judged.' : ''}`,
    storageNotes(facts),
    judged ? results(judged) : [],
    sha256 === undefined ? [] : `sha256 of the text encoder that was judged, in float32: \`${sha256}\``,
  ].flat();
  return `---\nlibrary_name: diffusers\npipeline_tag: text-to-image\n---\n\n${paragraphs.join('\n\n')}\n`;
}

/**
 * Returns the lines that `textcraftor export` prints: the results of the written networks, or that they were not judged.
 * @example
 * ```ts
 * import { networksToExport } from './api/export/export-source.ts';
 * import { exportNotes } from './api/export/model-card.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const networks = await networksToExport(new Home('.textcraftor'), { run: 'latest' });
 * console.log(exportNotes({ ...networks, dtype: 'float32', formats: ['diffusers'] }).join('\n'));
 * ```
 */
export function exportNotes(facts: CardFacts): string[] {
  const { judged, unlike } = facts;
  if (unlike.length > 0 || !judged?.exported) return [notJudged(unlike), ...storageNotes(facts)];
  const { label, chosen, exported, comparisons, measured } = judged;
  if (comparisons.length === 0) return [`${label}: ${NOT_COMPARED}`, ...storageNotes(facts)];
  const prompts = Math.max(...comparisons.map(({ n }) => n));
  return [
    `${label}, step ${exported.step} with ${exported.weight} of the tuned weights, in all steps, against the original on ${prompts} test prompts: ${describeArm(comparisons, EXPORTED)}.`,
    `As it was chosen, step ${chosen.step} with ${chosen.blend} of its embeddings in ${measured ? lastOf(measured) : 'the last steps'}: ${describeArm(comparisons, CHOSEN)}.`,
    lastStepsVerdict(comparisons),
    ...storageNotes(facts),
  ];
}

/**
 * Returns whether an evaluation judged the very weights that are written; those rounded to float16 are others.
 * @example
 * ```ts
 * import { networksToExport } from './api/export/export-source.ts';
 * import { isJudged } from './api/export/model-card.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const networks = await networksToExport(new Home('.textcraftor'), { run: 'latest' });
 * console.log(isJudged({ ...networks, dtype: 'float32', formats: ['diffusers'] }));
 * ```
 */
export const isJudged = ({ unlike, dtype }: CardFacts): boolean => unlike.length === 0 && dtype === 'float32';

const NOT_COMPARED = 'it has not been compared with the original on test prompts yet.';
const notJudged = (unlike: readonly string[]): string => `This form was not judged: ${unlike.join('; ')}.`;
const rest = (weight: number): string => String(Number((1 - weight).toFixed(6)));
const lastOf = ({ sampler: { steps, gradientSteps } }: Measured): string =>
  `the last ${gradientSteps} of ${steps} steps`;

function storageNotes({ dtype, formats, unlike }: CardFacts): string[] {
  if (unlike.length > 0) return [];
  return [
    ...(dtype === 'float16' ? ['Its weights are stored in float16: rounded from those that were judged.'] : []),
    ...(formats.includes('onnx')
      ? ['The ONNX models hold the same weights; the judged pictures were not made by them.']
      : []),
  ];
}

function results({ comparisons, measured, chosen, exported }: JudgedEncoder): string[] {
  if (comparisons.length === 0) return [`Results: ${NOT_COMPARED}`];
  const last = measured ? `, in ${lastOf(measured)}` : '';
  const rows = goalsOf(comparisons).map((metric) => {
    const against = find(comparisons, EXPORTED, 'base', metric);
    return [
      metricLabel(metric),
      cell(against),
      cell(find(comparisons, CHOSEN, 'base', metric)),
      cell(find(comparisons, EXPORTED, CHOSEN, metric)),
      String(against?.n ?? find(comparisons, CHOSEN, 'base', metric)?.n ?? ''),
    ];
  });
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const how = measured
    ? `; ${measured.samplesPerPrompt} pictures per prompt from the same start noise, seed ${measured.seed}, ${measured.sampler.steps} steps of ${measured.sampler.scheduler ?? 'ddim'}, guidance ${measured.sampler.guidance}`
    : '';
  const table = [
    row(['metric', 'exported', 'chosen', 'exported against chosen', 'prompts']),
    row(['---', '---:', '---:', '---:', '---:']),
    ...rows.map(row),
  ];
  return [
    '## Results',
    `Mean differences from the original on test prompts, with paired bootstrap 95 % intervals over prompts${how}. _Exported_ is ${exported ? `the encoder of step ${exported.step} with ${exported.weight} of the tuned weights` : 'the original, since no weight was better'}, in all steps; _chosen_ is the encoder of step ${chosen.step} with ${chosen.blend} of its embeddings${last}.`,
    table.join('\n'),
    lastStepsVerdict(comparisons),
  ];
}

const goalsOf = (comparisons: readonly NamedComparison[]): string[] =>
  [...new Set(comparisons.map(({ metric }) => metric))].filter(isGoal);

const find = (comparisons: readonly NamedComparison[], arm: string, against: string, metric: string) =>
  comparisons.find((each) => each.arm === arm && each.against === against && each.metric === metric);

const cell = (comparison: NamedComparison | undefined): string =>
  comparison ? `${signed(comparison.mean)} (${interval(comparison.ci95)})` : '';

/** Says whether using the encoder in the last steps alone was better than in all steps, with the numbers. */
function lastStepsVerdict(comparisons: readonly NamedComparison[]): string {
  const pairs = comparisons.filter(
    ({ arm, against, metric }) => arm === EXPORTED && against === CHOSEN && isGoal(metric),
  );
  if (pairs.length === 0) return 'Use in all steps has not been compared with use in the last steps.';
  const named = (list: readonly NamedComparison[]) =>
    list.map((own) => `${metricLabel(own.metric)} ${cell(own)}`).join(', ');
  const worse = pairs.filter(({ ci95 }) => ci95[1] < 0);
  const better = pairs.filter(({ ci95 }) => ci95[0] > 0);
  const parts = [
    ...(worse.length > 0
      ? [
          `It is better in the last steps only, as it was chosen, than in all steps, as exported: exported against chosen ${named(worse)}. TextCraftor uses it this way with \`generate --as evaluated\`.`,
        ]
      : []),
    ...(better.length > 0 ? [`It is better in all steps, as exported, than as it was chosen: ${named(better)}.`] : []),
  ];
  return parts.length > 0 ? parts.join(' ') : 'No metric separates use in all steps from use in the last steps only.';
}

/** Returns an arm's differences from the original on one line; empty before the evaluation. */
function describeArm(comparisons: readonly NamedComparison[], arm: string): string {
  return goalsOf(comparisons)
    .flatMap((metric) => {
      const own = find(comparisons, arm, 'base', metric);
      return own ? [`${metricLabel(metric)} ${cell(own)}`] : [];
    })
    .join(', ');
}
