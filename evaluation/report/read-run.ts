import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPromptCard } from '../../datasets/tables/dataset-card.ts';
import { readManifest } from '../../datasets/shards/shard-manifest.ts';
import type { ControlCurve, Picture, Transfer, BenchmarkResult, Scores, Sweep, NamedComparison } from '../results.ts';
import type { FilterSummary, ReportData } from './report-data.ts';

/** Stages whose artifacts a report needs. */
export const reportInputs = ['filter', 'shard', 'tune-encoder', 'sweep', 'evaluate'] as const;
/** Stages that a run may lack. */
export const optionalReportInputs = ['transfer', 'tune-unet'] as const;

/** Artifact folders by stage. */
export type ReportFolders = Readonly<Record<(typeof reportInputs)[number], string>> &
  Readonly<Partial<Record<(typeof optionalReportInputs)[number], string>>>;

/** Facts that the artifacts do not hold. */
export type ReportFacts = Pick<ReportData, 'title' | 'configuration' | 'trained' | 'run'>;

/** Reads everything that a report shows. @param folders of the artifacts, by stage */
export async function readReportData(folders: ReportFolders, facts: ReportFacts): Promise<ReportData> {
  const json = async <T>(...path: string[]) => JSON.parse(await readFile(join(...path), 'utf8')) as T;
  const { splits } = await readManifest(folders.shard);
  const unet = folders['tune-unet'];
  const pictures = await json<Picture[]>(folders.evaluate, 'pictures.json');
  return {
    ...facts,
    filter: await json<FilterSummary>(folders.filter, 'summary.json'),
    card: await readPromptCard(folders.filter),
    splits: Object.fromEntries(Object.entries(splits).map(([split, { rows }]) => [split, rows])),
    curves: await readCurves(folders['tune-encoder']),
    unetCurves: unet === undefined ? undefined : await readCurves(unet),
    sweep: await json<Sweep>(folders.sweep, 'sweep.json'),
    comparisons: await json<NamedComparison[]>(folders.evaluate, 'comparisons.json'),
    scores: await json<Scores>(folders.evaluate, 'scores.json'),
    control: await json<ControlCurve[]>(folders.evaluate, 'control.json'),
    benchmarks: await Promise.all(
      (await readdir(join(folders.evaluate, 'benchmarks')).catch(() => []))
        .toSorted()
        .map((file) => json<BenchmarkResult>(folders.evaluate, 'benchmarks', file)),
    ),
    transfer: folders.transfer ? await json<Transfer[]>(folders.transfer, 'transfer.json') : [],
    pictures: await Promise.all(pictures.map((picture) => embedFiles(folders.evaluate, picture))),
  };
}

/** The metric lines of a tuning stage. */
async function readCurves(folder: string): Promise<Record<string, number>[]> {
  const lines = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Record<string, number>);
}

async function embedFiles(folder: string, picture: Picture): Promise<Picture> {
  const entries = Object.entries(picture.files).map(async ([arm, file]) => {
    const png = await readFile(join(folder, file));
    return [arm, `data:image/png;base64,${png.toString('base64')}`] as const;
  });
  return { ...picture, files: Object.fromEntries(await Promise.all(entries)) };
}
