import { readdir, readFile } from 'node:fs/promises';
import { join, basename } from 'node:path';
import { readPromptCard } from '../../datasets/tables/dataset-card.ts';
import { readManifest } from '../../datasets/shards/shard-manifest.ts';
import {
  type Picture,
  PICTURES,
  SWEEP,
  COMPARISONS,
  SCORES,
  CONTROL,
  BENCHMARKS,
  benchmarkFile,
  TRANSFER,
} from '../results.ts';
import { STYLES, type Styles } from '../styles/style-results.ts';
import type { ReportData } from './report-data.ts';
import { readResult } from '../../common/files/result-file.ts';
import { FILTER_SUMMARY } from '../../datasets/tables/filtered.ts';
import { METRICS_FILE } from '../../training/training-names.ts';

/** Stages whose artifacts a report needs. */
export const reportInputs = ['filter', 'shard', 'tune-encoder', 'sweep', 'evaluate'] as const;
/** Stages that a run may lack. */
export const optionalReportInputs = ['transfer', 'styles', 'tune-unet'] as const;

/** Artifact folders by stage. */
export type ReportFolders = Readonly<Record<(typeof reportInputs)[number], string>> &
  Readonly<Partial<Record<(typeof optionalReportInputs)[number], string>>>;

/** Facts that the artifacts do not hold. */
export type ReportFacts = Pick<ReportData, 'title' | 'configuration' | 'trained' | 'run'>;

/** Reads everything that a report shows. @param folders of the artifacts, by stage */
export async function readReportData(folders: ReportFolders, facts: ReportFacts): Promise<ReportData> {
  const { splits } = await readManifest(folders.shard);
  const unet = folders['tune-unet'];
  const pictures = await readResult(PICTURES, folders.evaluate);
  return {
    ...facts,
    filter: await readResult(FILTER_SUMMARY, folders.filter),
    card: await readPromptCard(folders.filter),
    splits: Object.fromEntries(Object.entries(splits).map(([split, { rows }]) => [split, rows])),
    curves: await readCurves(folders['tune-encoder']),
    unetCurves: unet === undefined ? undefined : await readCurves(unet),
    sweep: await readResult(SWEEP, folders.sweep),
    comparisons: await readResult(COMPARISONS, folders.evaluate),
    scores: await readResult(SCORES, folders.evaluate),
    control: await readResult(CONTROL, folders.evaluate),
    benchmarks: await Promise.all(
      (await readdir(join(folders.evaluate, BENCHMARKS)).catch(() => []))
        .toSorted()
        .map((file) => readResult(benchmarkFile(basename(file, '.json')), folders.evaluate)),
    ),
    transfer: folders.transfer ? await readResult(TRANSFER, folders.transfer) : [],
    styles: folders.styles ? await readStyles(folders.styles) : undefined,
    pictures: await Promise.all(pictures.map((picture) => embedFiles(folders.evaluate, picture))),
  };
}

/** Reads the metrics of a tuning stage, one line per training step. */
export async function readCurves(folder: string): Promise<Record<string, number>[]> {
  const lines = (await readFile(join(folder, METRICS_FILE), 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Record<string, number>);
}

async function embedFiles(folder: string, picture: Picture): Promise<Picture> {
  const entries = Object.entries(picture.files).map(
    async ([arm, file]) => [arm, await dataUri(join(folder, file))] as const,
  );
  return { ...picture, files: Object.fromEntries(await Promise.all(entries)) };
}

async function readStyles(folder: string): Promise<Styles> {
  const styles = await readResult(STYLES, folder);
  const embed = (row: readonly string[]) => Promise.all(row.map((file) => dataUri(join(folder, file))));
  const grids = styles.grids.map(async ({ prompts, ...grid }) => {
    const embedded = prompts.map(async ({ prompt, files }) => ({ prompt, files: await Promise.all(files.map(embed)) }));
    return { ...grid, prompts: await Promise.all(embedded) };
  });
  return { ...styles, grids: await Promise.all(grids) };
}

async function dataUri(path: string): Promise<string> {
  return `data:image/png;base64,${(await readFile(path)).toString('base64')}`;
}
