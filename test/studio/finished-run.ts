import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { ArtifactStore } from '../../pipeline/store/artifact-store.ts';
import { sampleReport } from '../evaluation/sample-report.ts';

const sample = sampleReport(1);
const [picture] = sample.pictures;
const png = (uri: string) => Buffer.from(uri.slice(uri.indexOf(',') + 1), 'base64');
const lines = (records: readonly object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');

/** What the alarm saw: the base, and a check. */
export const checks = [
  { step: 0, heldOut: 1, diversity: 0.5, attributes: 0.8, total: 10 },
  { step: 80, heldOut: 1.2, diversity: 0.45, attributes: 0.79, total: 12 },
];

/** The test prompts. */
const prompts = sample.scores.scores['base']!['oracle']!.map((_, i) => ({ id: `p${i}`, prompt: `prompt ${i}` }));

/** The files that the stages of a run leave, by stage and name. */
const artifacts: Record<string, Record<string, string | Buffer>> = {
  filter: { 'summary.json': JSON.stringify(sample.filter) },
  shard: {
    'manifest.json': JSON.stringify({
      format: 1,
      splits: { train: { rows: 8, shards: [] }, validation: { rows: 2, shards: [] }, test: { rows: 3, shards: [] } },
    }),
  },
  'tune-encoder': { 'metrics.jsonl': lines(sample.curves), 'validation.jsonl': lines(checks), 'summary.json': '{}' },
  sweep: { 'sweep.json': JSON.stringify(sample.sweep) },
  evaluate: {
    'comparisons.json': JSON.stringify(sample.comparisons),
    'scores.json': JSON.stringify({ ...sample.scores, prompts }),
    'control.json': JSON.stringify(sample.control),
    'pictures.json': JSON.stringify([{ ...picture!, files: { base: 'base.png', chosen: 'chosen.png' } }]),
    'base.png': png(picture!.files['base']!),
    'chosen.png': png(picture!.files['chosen']!),
  },
};
const stages = Object.keys(artifacts);

/** A configuration as far as pages show it. */
export const configuration = (steps: number) => ({
  name: 'tiny',
  tuneEncoder: { steps },
  rewards: [{ name: 'clip', weight: 100 }],
  alarm: { every: 80, diversity: 0.4, similarity: 0.5, attributes: 0.01 },
  notify: [{ webhook: 'https://hooks.example.org/T0K3N' }],
});

/** Records a run of the first `done` stages. @returns its id */
export async function recordRun(home: Home, steps: number, done = stages.length): Promise<string> {
  const records = new RunRecords(home);
  const graph = stages.map((name, i) => ({ name, inputs: i === 0 ? [] : [stages[i - 1]!] }));
  const { id } = await records.create('tiny', 'test', configuration(steps), graph);
  for (const name of stages.slice(0, done)) {
    const staged = await mkdtemp(join(home.folder, 'output-'));
    for (const [file, content] of Object.entries(artifacts[name]!)) {
      await mkdir(dirname(join(staged, file)), { recursive: true });
      await writeFile(join(staged, file), content);
    }
    const artifact = await new ArtifactStore(home.artifacts).commit(staged);
    await records.saveStage(id, { name, status: 'ran', seconds: 12.5, artifact });
  }
  if (done === stages.length) await records.setStatus(id, 'completed');
  return id;
}
