import { join } from 'node:path';
import { canonicalJson, writeFileAtomic } from '../../common/files.ts';
import { CHOSEN, EXPORTED } from '../../evaluation/arms/arm-names.ts';
import { type NamedComparison, COMPARISONS } from '../../evaluation/results.ts';
import { isGoal } from '../../evaluation/comparison/metrics.ts';
import { interval, signed } from '../../evaluation/report/format-numbers.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { inLanes } from './side-by-side.ts';
import { verifiedFolders } from '../../api/runs/artifact-folders.ts';
import { readResult } from '../../common/files/result-file.ts';

/** Groups of keys with values to try: every combination of a group's values is one run. */
export type Ablations = readonly Readonly<Record<string, readonly (string | number | boolean)[]>>[];

/** One combination and its result. */
export interface Ablation {
  settings: Record<string, string | number | boolean>;
  run: string;
  status: string;
  /** Comparisons of the chosen and the exported encoder with the base; empty when the run did not complete. */
  comparisons: NamedComparison[];
  /** Reason why the run did not complete. */
  error?: string;
}

export interface AblateOptions {
  home: Home;
  ablations: Ablations;
  /** Folder of ablations.md and ablations.json. */
  out: string;
  lanes: number;
  /** Runs the configuration with these settings until it completes or fails. @returns the run's id */
  run(settings: readonly string[]): Promise<string>;
  note(line: string): void;
}

/** Lists every combination of a group; the last key's values change fastest. */
export function combinations(group: Ablations[number]): Ablation['settings'][] {
  return Object.entries(group).reduce<Ablation['settings'][]>(
    (all, [key, values]) => all.flatMap((settings) => values.map((value) => ({ ...settings, [key]: value }))),
    [{}],
  );
}

/** Formats a combination for `--set`. */
export const settingsOf = (settings: Ablation['settings']): string[] =>
  Object.entries(settings).map(([key, value]) => `${key}=${JSON.stringify(value)}`);

/** Runs every combination (common stages run once) and writes the results. @returns the page's path */
export async function ablate({ home, ablations, out, lanes, run, note }: AblateOptions): Promise<string> {
  const records = new RunRecords(home);
  const groups = ablations.map((group) => combinations(group));
  const found = new Map<Ablation['settings'], Ablation>();
  await inLanes(groups.flat(), lanes, async (settings) => {
    note(describe(settings));
    const id = await run(settingsOf(settings));
    const record = await records.read(id);
    const { status } = record;
    const folder = status === 'completed' ? (await verifiedFolders(home, record, ['evaluate']))['evaluate'] : undefined;
    const all = folder === undefined ? [] : await readResult(COMPARISONS, folder);
    const comparisons = all.filter(
      ({ arm, against, metric }) => (arm === CHOSEN || arm === EXPORTED) && against === 'base' && isGoal(metric),
    );
    const error = record.stages.find(({ error }) => error)?.error?.message;
    found.set(settings, { settings, run: id, status, comparisons, ...(error === undefined ? {} : { error }) });
  });
  const results = groups.map((group) => group.map((settings) => found.get(settings)!));
  const page = join(out, 'ablations.md');
  await writeFileAtomic(join(out, 'ablations.json'), `${canonicalJson(results)}\n`);
  await writeFileAtomic(page, ablationsPage(results));
  return page;
}

function ablationsPage(groups: readonly (readonly Ablation[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const tables = groups.flatMap((group) => {
    const keys = Object.keys(group[0]!.settings);
    const metrics = [...new Set(group.flatMap(({ comparisons }) => comparisons.map(columnOf)))];
    if (metrics.length === 0) metrics.push('outcome'); // no run has completed
    const cell = ({ comparisons, status, error }: Ablation, metric: string, i: number) => {
      const found = comparisons.find((comparison) => columnOf(comparison) === metric);
      if (found) return `${signed(found.mean)} (${interval(found.ci95)})`;
      return i === 0 ? `${status}: ${error ?? 'see textcraftor status'}` : '';
    };
    return [
      `## ${keys.join(' x ')}`,
      '',
      row([...keys, ...metrics]),
      row([...keys.map(() => '---'), ...metrics.map(() => '---:')]),
      ...group.map((each) =>
        row([...keys.map((key) => String(each.settings[key])), ...metrics.map((metric, i) => cell(each, metric, i))]),
      ),
      '',
    ];
  });
  return [
    '# Ablations',
    '',
    'Written by `textcraftor ablate`: the chosen encoder (in the last K denoising steps) and the exported one (in all steps) against the base, mean difference with its 95 % interval, paired over prompts and start noise.',
    '',
    ...tables,
  ].join('\n');
}

const columnOf = ({ arm, metric }: NamedComparison): string => (arm === EXPORTED ? `${metric}, exported` : metric);

/** A combination in words: `evaluate.steps 8, seed 1`. */
export const describe = (settings: Ablation['settings']) =>
  Object.entries(settings)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
