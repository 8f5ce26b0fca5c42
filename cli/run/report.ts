import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../common/errors.ts';
import { sha256File, writeFileAtomic } from '../../common/files.ts';
import type { NamedComparison, Sweep } from '../../evaluation/report/data.ts';
import { renderReport } from '../../evaluation/report/page.ts';
import { readReportData, reportInputs } from '../../evaluation/report/read.ts';
import type { Config } from '../../pipeline/config.ts';
import type { Home } from '../../pipeline/home.ts';
import { RunRecords, type Run } from '../../pipeline/runs.ts';
import { ArtifactStore } from '../../pipeline/store.ts';
import { summarizeRun, type RunSummary } from './summary.ts';

/** What `textcraftor report --json` prints. */
export interface RunReport extends RunSummary {
  /** The report's file; null while a stage that it is made of has no artifact. */
  report: string | null;
  /** The encoder at the end of tuning: a safetensors file. Null before that. */
  encoder: { sha256: string; deltaNorm: number; path: string } | null;
  /**
   * The training step and blend that validation prompts chose, with that step's encoder; the UNet's step and file, where
   * a tuned one was chosen. Null before the sweep.
   */
  chosen: { step: number; blend: number; path: string | null; unetStep?: number; unet?: string | null } | null;
  /** Each arm against the base on test prompts; empty before the evaluation. */
  comparisons: NamedComparison[];
}

/** The folders of a run's artifacts, by stage. */
export function artifactFolders(home: Home, run: Run): Partial<Record<string, string>> {
  const store = new ArtifactStore(home.artifacts);
  const made = run.stages.flatMap(({ name, artifact }) =>
    artifact ? [[name, store.folder(artifact.sha256)] as const] : [],
  );
  return Object.fromEntries(made.filter(([, folder]) => existsSync(folder)));
}

/**
 * Writes report.html into the run's folder: what the stage `report` makes, with the run's own facts added (how long each
 * stage took, the whole configuration).
 * @returns its path, or the first stage whose artifact is missing
 */
export async function writeRunReport(home: Home, run: Run): Promise<{ path: string } | { missing: string }> {
  const folders = artifactFolders(home, run);
  const missing = reportInputs.find((stage) => folders[stage] === undefined);
  if (missing !== undefined) return { missing };
  const configuration = (await new RunRecords(home).config(run.id)) as Config;
  const data = await readReportData(folders as Record<(typeof reportInputs)[number], string>, {
    title: configuration.name,
    configuration,
    trained: configuration.rewards.map(({ name }) => name),
    run,
  });
  const path = join(run.folder, 'report.html');
  await writeFileAtomic(path, renderReport(data));
  return { path };
}

/** The path of a run's report, written now. @throws InputError that says which stage is missing */
export async function requireRunReport(home: Home, run: Run): Promise<string> {
  const report = await writeRunReport(home, run);
  if ('path' in report) return report.path;
  const stage = run.stages.find(({ name }) => name === report.missing);
  throw new InputError(
    `Run ${run.id} is ${run.status} and has no report yet: its stage ${report.missing} is ${stage?.status ?? 'not part of it'}. See: textcraftor status ${run.id}`,
  );
}

/** A run and its result for machines. */
export async function describeRun(home: Home, run: Run): Promise<RunReport> {
  const folders = artifactFolders(home, run);
  const json = async <T>(stage: string, file: string): Promise<T | undefined> =>
    folders[stage] === undefined ? undefined : (JSON.parse(await readFile(join(folders[stage], file), 'utf8')) as T);
  const sweep = await json<Sweep>('sweep', 'sweep.json');
  const report = await writeRunReport(home, run);
  return {
    ...summarizeRun(run),
    report: 'path' in report ? report.path : null,
    encoder: await describeEncoder(folders['tune-encoder']),
    chosen: sweep ? describeChosen(folders, sweep.chosen) : null,
    comparisons: (await json<NamedComparison[]>('evaluate', 'comparisons.json')) ?? [],
  };
}

async function describeEncoder(folder: string | undefined): Promise<RunReport['encoder']> {
  if (folder === undefined) return null;
  const { deltaNorm } = JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8')) as { deltaNorm: number };
  const path = join(folder, 'encoder', 'final', 'model.safetensors');
  return { sha256: await sha256File(path), deltaNorm, path };
}

function describeChosen(folders: Partial<Record<string, string>>, chosen: Sweep['chosen']): RunReport['chosen'] {
  const unet = chosen.unetStep === undefined ? {} : { unet: unetPath(folders, chosen.unetStep) };
  return { ...chosen, path: stepPath(folders['tune-encoder'], chosen.step), ...unet };
}

/** The UNet of a training step: of the stage after the encoder's, or of the encoder's where both were tuned at once. */
export function unetPath(folders: Partial<Record<string, string>>, step: number | undefined): string | null {
  const folder = folders['tune-unet'] ?? folders['tune-encoder'];
  if (folder === undefined || step === undefined) return null;
  return join(folder, 'unet', stepFolder(step), 'diffusion_pytorch_model.safetensors');
}

const stepFolder = (step: number) => `step-${String(step).padStart(6, '0')}`;

/** The encoder of a training step; null for step 0, which is the original. */
export function stepPath(folder: string | undefined, step: number): string | null {
  if (folder === undefined || step === 0) return null;
  return join(folder, 'encoder', stepFolder(step), 'model.safetensors');
}
