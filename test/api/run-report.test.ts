import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { describeRun, requireRunReport } from '../../api/runs/report-of-run.ts';
import { sha256 } from '../../common/files.ts';
import { run as reportStage } from '../../evaluation/stages/report.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import type { Artifact } from '../../pipeline/stage.ts';
import { ArtifactStore } from '../../pipeline/store/artifact-store.ts';
import { sampleReport } from '../evaluation/sample-report.ts';

const folder = mkdtempSync(join(tmpdir(), 'textcraftor-run-report-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sample = sampleReport(1);
const [picture] = sample.pictures;
const png = (uri: string) => Buffer.from(uri.slice(uri.indexOf(',') + 1), 'base64');
const split = (rows: number) => ({ rows, shards: [] });

/** The files that the stages of a run leave, by stage and name. */
const artifacts: Record<string, Record<string, string | Buffer>> = {
  filter: { 'summary.json': JSON.stringify(sample.filter) },
  shard: {
    'manifest.json': JSON.stringify({ format: 1, splits: { train: split(8), validation: split(2), test: split(3) } }),
  },
  'tune-encoder': {
    'metrics.jsonl': sample.curves.map((line) => `${JSON.stringify(line)}\n`).join(''),
    'summary.json': '{"steps":160,"deltaNorm":0.6}',
    'encoder/final/model.safetensors': 'final weights',
    'encoder/final/config.json': '{}',
    'encoder/step-000120/model.safetensors': 'weights of step 120',
  },
  sweep: { 'sweep.json': JSON.stringify(sample.sweep), 'exported/text_encoder/model.safetensors': 'exported weights' },
  evaluate: {
    'comparisons.json': JSON.stringify(sample.comparisons),
    'scores.json': JSON.stringify(sample.scores),
    'control.json': JSON.stringify(sample.control),
    'pictures.json': JSON.stringify([{ ...picture!, files: { base: 'base.png', chosen: 'chosen.png' } }]),
    'base.png': png(picture!.files['base']!),
    'chosen.png': png(picture!.files['chosen']!),
  },
};

let home: Home;
let id: string;
beforeEach(async () => {
  home = new Home(mkdtempSync(join(folder, 'home-')));
  const notify = [{ webhook: 'https://hooks.example.org/T0K3N' }, { command: ['curl', 'https://example.org/T0K3N'] }];
  const config = { name: 'tiny', rewards: [{ name: 'clip', weight: 100 }], notify };
  const graph = Object.keys(artifacts).map((name) => ({ name, inputs: [] }));
  ({ id } = await new RunRecords(home).create('tiny', 'test', config, graph));
});

async function commit(stage: string): Promise<Artifact> {
  const staged = mkdtempSync(join(home.folder, 'output-'));
  for (const [file, content] of Object.entries(artifacts[stage]!)) {
    mkdirSync(dirname(join(staged, file)), { recursive: true });
    writeFileSync(join(staged, file), content);
  }
  return new ArtifactStore(home.artifacts).commit(staged);
}

async function finish(stages: readonly string[]): Promise<void> {
  const records = new RunRecords(home);
  for (const name of stages)
    await records.saveStage(id, { name, status: 'ran', seconds: 12.5, artifact: await commit(name) });
  if (stages.length === Object.keys(artifacts).length) await records.setStatus(id, 'completed');
}

it('a finished run is described with its encoder, its choice and its comparisons', async () => {
  await finish(Object.keys(artifacts));
  const described = await describeRun(home, await new RunRecords(home).read('latest'));
  expect(described).toMatchObject({ run: id, status: 'completed', chosen: { step: 120, blend: 0.5 } });
  expect(described.stages[0]).toMatchObject({
    name: 'filter',
    status: 'ran',
    seconds: 12.5,
    artifact: { bytes: expect.any(Number) },
  });
  const line = sample.curves.find(({ step }) => step === 120)!;
  expect(described.encoder).toMatchObject({ sha256: sha256('weights of step 120'), deltaNorm: line['deltaNorm'] });
  expect(described.encoder.path).toBe(described.chosen!.path);
  expect(described.exported).toMatchObject({ sha256: sha256('exported weights'), step: 120, weight: 0.25 });
  expect(readFileSync(described.exported.path!, 'utf8')).toBe('exported weights');
  expect(readFileSync(described.chosen!.path!, 'utf8')).toBe('weights of step 120');
  expect(described.comparisons).toEqual(sample.comparisons);
});

it.each([
  ['sweep', 'sweep.json'],
  ['evaluate', 'comparisons.json'],
  ['evaluate', 'base.png'],
  ['tune-encoder', 'metrics.jsonl'],
  ['filter', 'summary.json'],
])('no result is reported from an artifact of %s whose %s is damaged', async (stage, file) => {
  await finish(Object.keys(artifacts));
  const run = await new RunRecords(home).read('latest');
  const { sha256: digest } = run.stages.find(({ name }) => name === stage)!.artifact!;
  const path = join(new ArtifactStore(home.artifacts).folder(digest), file);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  rmSync(path);
  writeFileSync(path, bytes);
  const sentence = `The artifact of stage ${stage} of run ${id} is damaged: ${file} has other bytes than when it was written; make it again with: textcraftor resume ${id}`;
  await expect(describeRun(home, run)).rejects.toThrow(sentence);
  await expect(requireRunReport(home, run)).rejects.toThrow(sentence);
});

it('the path of a damaged chosen network is left out', async () => {
  await finish(Object.keys(artifacts));
  const run = await new RunRecords(home).read('latest');
  const { path } = (await describeRun(home, run)).chosen!;
  rmSync(path!);
  writeFileSync(path!, 'weights of step 12O');
  expect(await describeRun(home, run)).toMatchObject({ chosen: { step: 120, path: null }, encoder: { path: null } });
});

it('its report tells how long the stages took and embeds the pictures', async () => {
  await finish(Object.keys(artifacts));
  const path = await requireRunReport(home, await new RunRecords(home).read(id));
  const page = readFileSync(path, 'utf8');
  expect(page).toContain('tune-encoder');
  expect(page).toContain('13 s');
  expect(page).toContain(picture!.files['chosen']!);
});

it('neither its report nor its description shows the secrets of its hooks', async () => {
  await finish(Object.keys(artifacts));
  const run = await new RunRecords(home).read(id);
  const page = readFileSync(await requireRunReport(home, run), 'utf8');
  expect(page).toContain('hooks.example.org');
  expect(page).not.toContain('T0K3N');
  expect(JSON.stringify(await describeRun(home, run))).not.toContain('T0K3N');
});

it('an unfinished run is described as far as it has come, and has no report', async () => {
  await finish(['filter', 'shard', 'tune-encoder']);
  const run = await new RunRecords(home).read(id);
  const described = await describeRun(home, run);
  const none = { path: null, sha256: null, reason: expect.stringContaining('the stage sweep is not done') };
  expect(described).toMatchObject({ report: null, chosen: null, comparisons: [], encoder: none, exported: none });
  await expect(requireRunReport(home, run)).rejects.toThrow('its stage sweep is pending');
});

it.each([
  ['the original was chosen', { chosen: { step: 0, blend: 0 } }, /chose the original/, /chose the original/],
  [
    'nothing is better in all steps',
    {},
    undefined,
    /No weight of the tuned encoder was better than the original in all steps/,
  ],
])('if %s, the reason replaces the path', async (_, change, encoderReason, exportedReason) => {
  const kept = artifacts['sweep']!;
  const exported = { ...sample.sweep.exported, chosen: { step: 0, blend: 0 } };
  artifacts['sweep'] = { 'sweep.json': JSON.stringify({ ...sample.sweep, exported, ...change }) };
  await finish(Object.keys(artifacts)).finally(() => (artifacts['sweep'] = kept));
  const { encoder, exported: described, report } = await describeRun(home, await new RunRecords(home).read('latest'));
  expect(described).toEqual({
    path: null,
    sha256: null,
    step: null,
    weight: null,
    reason: expect.stringMatching(exportedReason),
  });
  if (encoderReason)
    expect(encoder).toEqual({
      path: null,
      sha256: null,
      deltaNorm: null,
      reason: expect.stringMatching(encoderReason),
    });
  else expect(encoder.sha256).toBe(sha256('weights of step 120'));
  expect(readFileSync(report!, 'utf8')).toContain('Nothing is exported');
});

it("the stage's own report has neither times nor the name of a run", async () => {
  await finish(Object.keys(artifacts));
  const { stages } = await new RunRecords(home).read(id);
  const store = new ArtifactStore(home.artifacts);
  const inputs = Object.fromEntries(stages.map(({ name, artifact }) => [name, store.folder(artifact!.sha256)]));
  const output = mkdtempSync(join(folder, 'output-'));
  const config = { name: 'tiny', rewards: [{ name: 'clip', weight: 100 }] };
  await reportStage({
    config,
    seed: 1,
    inputs: inputs as never,
    output,
    scratch: output,
    progress: () => {},
    signal: AbortSignal.any([]),
  });
  const page = readFileSync(join(output, 'report.html'), 'utf8');
  expect(page).toContain(picture!.files['chosen']!);
  expect(page).not.toContain(id);
  expect(page).not.toContain('id="stages"');
});
