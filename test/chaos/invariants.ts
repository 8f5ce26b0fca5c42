import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArtifactStore } from '../../pipeline/store/artifact-store.ts';
import type { Subject } from './subject.ts';

/** The traces that a run has left. */
export interface Traces {
  status: string;
  /** Digest of each stage's artifact. */
  digests: Record<string, string>;
  /** Faults: work done twice, half-written files, left-over processes. */
  wrong: string[];
}

/** Inspects a run that has ended, and everything in its home. */
export async function examine(subject: Subject): Promise<Traces> {
  const wrong: string[] = [];
  const { home } = subject;
  if (!(await subject.untilGone(20_000)))
    wrong.push(`processes are left: ${(await subject.processes('all')).join(', ')}`);
  const run = await subject.record();
  if (!run) return { status: 'unknown', digests: {}, wrong };
  const digests = Object.fromEntries(run.stages.map(({ name, artifact }) => [name, artifact?.sha256 ?? 'none']));
  if (run.status !== 'completed') return { status: run.status, digests, wrong };

  const store = new ArtifactStore(home.artifacts);
  for (const [stage, sha256] of Object.entries(digests)) {
    const damage = await store.damage(sha256);
    if (damage !== undefined) wrong.push(`the artifact of ${stage} ${damage}`);
  }
  wrong.push(...(await metricsProblems(await store.open(digests['tune-encoder']!))));
  const all = await readdir(home.works).catch(() => []);
  const work = all.filter((name) => !subject.foreignWork.has(name));
  if (work.length > 0) wrong.push(`unfinished work is left: ${work.join(', ')}`);
  const isForeign = (file: string): boolean => subject.foreignWork.has(file.split('/')[1] ?? '');
  const files = (await readdir(home.folder, { recursive: true })).filter((file) => !isForeign(file));
  const temporary = files.filter((file) => /\.tmp$|(^|\/)(writing|output)-/.test(file) && !file.startsWith('runs/'));
  if (temporary.length > 0) wrong.push(`half-written files are left: ${temporary.join(', ')}`);
  return { status: run.status, digests, wrong };
}

/** Every step once, in order. */
async function metricsProblems(folder: string): Promise<string[]> {
  const lines = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
  const steps = lines.map((line) => (JSON.parse(line) as { step: number }).step);
  return steps.every((step, i) => step === i + 1) ? [] : [`metrics.jsonl has the steps ${steps.join(' ')}`];
}
