import { join } from 'node:path';
import { InputError } from '../../common/errors.ts';
import { sha256File, writeFileAtomic } from '../../common/files.ts';
import { exportedEncoder } from '../../evaluation/arms/exported-encoder.ts';
import { type Sweep, type NamedComparison, SWEEP, COMPARISONS } from '../../evaluation/results.ts';
import { STYLES, type Styles } from '../../evaluation/styles/style-results.ts';
import { renderReport, REPORT_FILE } from '../../evaluation/report/report-page.ts';
import { optionalReportInputs, readCurves, readReportData, reportInputs } from '../../evaluation/report/read-run.ts';
import { TEXT_ENCODER_FILE } from '../../models/folder/weight-names.ts';
import type { Config } from '../../pipeline/config/config.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { publicConfig } from '../../registry/notify/notify-secrets.ts';
import { RunRecords, type Run } from '../../pipeline/runs/runs.ts';
import { ArtifactStore } from '../../pipeline/store/artifact-store.ts';
import { artifactFolders, stepPath, unetPath, verifiedFolders } from './artifact-folders.ts';
import { resumeAdvice } from './resume-advice.ts';
import { summarizeRun, type RunSummary } from './run-summary.ts';
import { readResult } from '../../common/files/result-file.ts';

/** A text encoder's safetensors file, in a folder that transformers loads; or nulls with a reason. */
interface ReportedNetwork {
  path: string | null;
  sha256: string | null;
  /** Reason why there is no file. */
  reason?: string;
}

/** The object that `textcraftor report --json` prints. */
export interface RunReport extends RunSummary {
  /** The report's file; null while a stage that it needs has no artifact. */
  report: string | null;
  /** The tuned encoder that validation prompts chose; its embeddings are blended in the last K denoising steps. */
  encoder: ReportedNetwork & { deltaNorm: number | null };
  /**
   * The encoder that `textcraftor export` writes, for use in all steps. `weight` is the share of the tuned weights in
   * it; `unet` is the tuned UNet, if one was chosen.
   */
  exported: ReportedNetwork & { step: number | null; weight: number | null; unet?: string | null };
  /**
   * What validation prompts chose: a training step and its encoder, a blend, and the step and file of a tuned UNet if
   * they chose one. Null before the sweep.
   */
  chosen: { step: number; blend: number; path: string | null; unetStep?: number; unet?: string | null } | null;
  /** Each arm against the base on test prompts; empty before the evaluation. */
  comparisons: NamedComparison[];
  /**
   * Encoders blended and mixed by weights, and the folder of their pictures; null if the run has no section `styles`, and
   * before that stage.
   */
  styles: (Styles & { folder: string }) | null;
}

/**
 * Writes report.html into the run's folder: the page of the stage `report`, plus the time of each stage and the whole
 * configuration.
 * @returns the page's path, or the first stage whose artifact is missing
 * @throws RunError when an artifact is damaged
 */
async function writeRunReport(home: Home, run: Run): Promise<{ path: string } | { missing: string }> {
  const rendered = await renderRunReport(home, run);
  if ('missing' in rendered) return rendered;
  const path = join(run.folder, REPORT_FILE);
  await writeFileAtomic(path, rendered.page);
  return { path };
}

/**
 * Renders the page that {@link requireRunReport} writes.
 * @returns the page, or the first stage whose artifact is missing
 * @throws RunError when an artifact is damaged
 * @example
 * ```ts
 * import { renderRunReport } from './api/runs/report-of-run.ts';
 * import { Home } from './pipeline/runs/home.ts';
 * import { RunRecords } from './pipeline/runs/runs.ts';
 *
 * const home = new Home('.textcraftor');
 * const report = await renderRunReport(home, await new RunRecords(home).read('latest'));
 * console.log('page' in report ? report.page.length : `not yet: ${report.missing}`);
 * ```
 */
export async function renderRunReport(home: Home, run: Run): Promise<{ page: string } | { missing: string }> {
  const folders = await verifiedFolders(home, run, [...reportInputs, ...optionalReportInputs]);
  const missing = reportInputs.find((stage) => folders[stage] === undefined);
  if (missing !== undefined) return { missing };
  const configuration = publicConfig((await new RunRecords(home).config(run.id)) as Config);
  const data = await readReportData(folders as Record<(typeof reportInputs)[number], string>, {
    title: configuration.name,
    configuration,
    trained: configuration.rewards.map(({ name }) => name),
    run,
  });
  return { page: renderReport(data) };
}

/**
 * Writes a run's report and returns its path. @throws InputError that names the missing stage
 * @example
 * ```ts
 * import { requireRunReport } from './api/runs/report-of-run.ts';
 * import { Home } from './pipeline/runs/home.ts';
 * import { RunRecords } from './pipeline/runs/runs.ts';
 *
 * const home = new Home('.textcraftor');
 * console.log(await requireRunReport(home, await new RunRecords(home).read('latest')));
 * ```
 */
export async function requireRunReport(home: Home, run: Run): Promise<string> {
  const report = await writeRunReport(home, run);
  if ('path' in report) return report.path;
  const stage = run.stages.find(({ name }) => name === report.missing);
  if (!stage) throw new InputError(`Run ${run.id} has no report: its pipeline has no stage ${report.missing}.`);
  const goesOn = run.status === 'running' || run.status === 'paused';
  const advice = goesOn
    ? `see: textcraftor status ${run.id} --watch`
    : resumeAdvice(run.id, run.error, ...run.stages.map(({ error }) => error));
  throw new InputError(
    `Run ${run.id} is ${run.status} and has no report yet: its stage ${report.missing} is ${stage.status}; ${advice}`,
  );
}

/**
 * Describes a run and its result for machines.
 * @throws RunError when an artifact that it reads is damaged
 * @example
 * ```ts
 * import { describeRun } from './api/runs/report-of-run.ts';
 * import { Home } from './pipeline/runs/home.ts';
 * import { RunRecords } from './pipeline/runs/runs.ts';
 *
 * const home = new Home('.textcraftor');
 * const { encoder, comparisons } = await describeRun(home, await new RunRecords(home).read('latest'));
 * ```
 */
export async function describeRun(home: Home, run: Run): Promise<RunReport> {
  const folders = artifactFolders(home, run);
  const report = await writeRunReport(home, run);
  if ('missing' in report) await verifiedFolders(home, run, ['tune-encoder', 'sweep', 'evaluate', 'styles']);
  const styles = folders['styles'];
  const sweep = folders['sweep'] === undefined ? undefined : await readResult(SWEEP, folders['sweep']);
  return {
    ...summarizeRun(run),
    report: 'path' in report ? report.path : null,
    encoder: await describeEncoder(home, folders, sweep),
    exported: await describeExported(home, folders, sweep),
    chosen: sweep ? await describeChosen(home, folders, sweep.chosen) : null,
    comparisons: folders['evaluate'] === undefined ? [] : await readResult(COMPARISONS, folders['evaluate']),
    styles: styles === undefined ? null : { ...(await readResult(STYLES, styles)), folder: styles },
  };
}

async function describeEncoder(
  home: Home,
  folders: Partial<Record<string, string>>,
  sweep: Sweep | undefined,
): Promise<RunReport['encoder']> {
  if (!sweep) return { path: null, sha256: null, deltaNorm: null, reason: NOT_CHOSEN };
  const { step } = sweep.chosen;
  const path = stepPath(folders['tune-encoder'], step);
  if (path === null) return { path, sha256: null, deltaNorm: null, reason: step === 0 ? ORIGINAL_CHOSEN : GONE };
  const damage = await new ArtifactStore(home.artifacts).fileDamage(path);
  if (damage !== undefined) return { path: null, sha256: null, deltaNorm: null, reason: damaged(damage) };
  return { path, sha256: await sha256File(path), deltaNorm: await deltaNormAt(folders['tune-encoder']!, step) };
}

async function describeExported(
  home: Home,
  folders: Partial<Record<string, string>>,
  sweep: Sweep | undefined,
): Promise<RunReport['exported']> {
  const none = (reason: string) => ({ path: null, sha256: null, step: null, weight: null, reason });
  if (!sweep) return none(NOT_CHOSEN);
  const { step, blend: weight, unetStep } = sweep.exported.chosen;
  if (step === 0) return none(sweep.chosen.step === 0 ? ORIGINAL_CHOSEN : NOTHING_EXPORTED);
  const path = join(exportedEncoder(folders['sweep']!), TEXT_ENCODER_FILE);
  const damage = await new ArtifactStore(home.artifacts).fileDamage(path);
  if (damage !== undefined) return none(damaged(damage));
  const unet = unetStep === undefined ? {} : { unet: await whole(home, unetPath(folders, unetStep)) };
  return { path, sha256: await sha256File(path), step, weight, ...unet };
}

const NOT_CHOSEN = 'No encoder has been chosen yet: the stage sweep is not done.';
const ORIGINAL_CHOSEN = 'Validation chose the original text encoder: no tuned one was better.';
const NOTHING_EXPORTED =
  'No weight of the tuned encoder was better than the original in all steps; use the chosen one in the last steps.';
const GONE = "The tuning stage's artifact no longer exists; textcraftor resume makes it again.";

const damaged = (damage: string) => `The stage's artifact ${damage}; textcraftor resume makes it again.`;

/** Reads the distance of a training step's weights from the original ones. */
async function deltaNormAt(folder: string, step: number): Promise<number | null> {
  return (await readCurves(folder)).find((line) => line['step'] === step)?.['deltaNorm'] ?? null;
}

async function describeChosen(
  home: Home,
  folders: Partial<Record<string, string>>,
  chosen: Sweep['chosen'],
): Promise<RunReport['chosen']> {
  const unet = chosen.unetStep === undefined ? {} : { unet: await whole(home, unetPath(folders, chosen.unetStep)) };
  return { ...chosen, path: await whole(home, stepPath(folders['tune-encoder'], chosen.step)), ...unet };
}

/** Returns the path of an artifact's file; null when it is damaged. */
async function whole(home: Home, path: string | null): Promise<string | null> {
  const damage = path === null ? undefined : await new ArtifactStore(home.artifacts).fileDamage(path);
  return damage === undefined ? path : null;
}
