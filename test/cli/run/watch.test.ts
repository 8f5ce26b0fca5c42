import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { describeRun } from '../../../api/runs/report-of-run.ts';
import type { RunSummary } from '../../../api/runs/run-summary.ts';
import { formatResult, nextCommands, type Ended } from '../../../cli/run/format-result.ts';
import { Home } from '../../../pipeline/runs/home.ts';
import { RunRecords } from '../../../pipeline/runs/runs.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';
import { until } from '../../setup/watchdog.ts';
import { recordRun } from '../../studio/finished-run.ts';
import { Command, textcraftor } from '../command.ts';

let home: Home;
let records: RunRecords;
beforeEach(async () => {
  home = new Home(join(await temporaryFolder(), 'home'));
  await mkdir(home.folder);
  records = new RunRecords(home);
});

/** A run whose tuning has just begun; this process owns it. */
async function tuning(): Promise<{ id: string; scratch: string }> {
  const id = await recordRun(home, 80, 2);
  await records.own(id);
  const key = 'a'.repeat(64);
  const progress = { step: 3, total: 80, message: 'steps' };
  await records.saveStage(id, { name: 'tune-encoder', status: 'running', seconds: 0, key, progress });
  const scratch = join(home.work('tune-encoder', key), 'scratch');
  await mkdir(scratch, { recursive: true });
  return { id, scratch };
}

describe('status --watch', () => {
  it('shows a run until it ends, through a pause', async () => {
    const { id } = await tuning();
    const [watch, json] = ['', '--json'].map(
      (option) => new Command(home.folder, ['status', '--watch', option].filter(Boolean)),
    );
    await until('the first lines', () => watch!.stdout.includes('3 of 80 steps') && json!.stdout.includes('\n'));
    const { stages } = await records.read(id);
    await records.saveStage(id, { ...stages[2]!, status: 'cancelled' });
    await records.setStatus(id, 'paused');
    await until(
      'the pause',
      () => watch!.stdout.includes('paused at step 3 of 80') && json!.stdout.includes('"paused"'),
    );
    await records.setStatus(id, 'failed', { name: 'RunError', message: 'it broke' });
    const ended = await watch!.ended;
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain(`Run ${id}: failed: it broke`);
    expect(ended.stdout).toContain(`Continue with: textcraftor resume ${id}`);
    const lines = (await json!.ended).stdout.trim().split('\n');
    const states = lines.map((line) => (JSON.parse(line) as RunSummary).status);
    expect([...new Set(states)]).toEqual(['running', 'paused', 'failed']);
  });

  it('of a run that gamed its rewards advises other settings', async () => {
    const id = await recordRun(home, 80, 2);
    const error = { name: 'CollapseError', message: 'The rewards are being gamed at step 80.' };
    await records.saveStage(id, { name: 'tune-encoder', status: 'failed', seconds: 3, error });
    await records.setStatus(id, 'failed', { name: 'RunError', message: 'tune-encoder failed' });
    const { stdout } = await textcraftor(home.folder, 'status', id.slice(0, -1));
    expect(stdout).toContain(`change some with: textcraftor resume ${id} --set KEY=VALUE\n`);
  });

  it('of a run that has ended is its status', async () => {
    const id = await recordRun(home, 80);
    const { stdout } = await textcraftor(home.folder, 'status', '--watch');
    expect(stdout).toContain(`Run ${id}: completed`);
  });
});

describe('logs --follow', () => {
  it('shows the metrics of tuning, from the latest on', async () => {
    const { id, scratch } = await tuning();
    const line = (step: number) => `{"step":${step},"loss":${step / 2},"reward.clip":0.123456}\n`;
    for (let step = 1; step <= 8; step++) await appendFile(join(scratch, 'metrics.jsonl'), line(step));
    const logs = new Command(home.folder, ['logs', id, '--follow']);
    await until('the latest steps', () => logs.stdout.includes('step 8'));
    expect(logs.stdout).not.toContain('step 3:');
    await appendFile(join(scratch, 'metrics.jsonl'), line(9));
    await appendFile(join(scratch, 'validation.jsonl'), '{"step":0,"heldOut":1}\n{"step":9,"heldOut":1.25}\n');
    await until('the next step', () => logs.stdout.includes('validation at step 9'));
    await records.setStatus(id, 'completed');
    const { stdout } = await logs.ended;
    expect(stdout).toContain('tune-encoder: step 9: loss 4.5, reward.clip 0.1235\n');
    expect(stdout).toContain('tune-encoder: validation at step 9: heldOut 1.25\n');
    expect(stdout.match(/step 8:/g)).toHaveLength(1);
  });
});

describe('the end of a run', () => {
  const ended = async (): Promise<Ended> => describeRun(home, await records.read(await recordRun(home, 80)));

  it('is its result: each metric with its interval, better or not', async () => {
    const text = formatResult(await ended());
    expect(text).toMatch(
      /^Result: the encoder of step \d+ at weight [\d.]+, against the original on \d+ test prompts:$/m,
    );
    expect(text).toMatch(/^ {2}Oracle +\+0\.080 \(\+0\.040 to \+0\.120\) {2}better/m);
  });

  it('advises only what helps', async () => {
    const all = await ended();
    const exported = { ...all.exported, step: 80, weight: 1 };
    const next = nextCommands({ ...all, exported });
    expect(next).toContain(`textcraftor open ${all.run}`);
    expect(next).toContain(`textcraftor export ${all.run} --out exported`);
    const notExported = nextCommands({ ...all, exported: { ...exported, step: null, weight: null } });
    expect(notExported).not.toContain('textcraftor export');
    expect(notExported).toContain('--as evaluated');
    const original = { ...all, chosen: { step: 0, blend: 0, path: null }, exported: { ...exported, step: null } };
    expect(formatResult(original)).toContain('it was kept');
    expect(nextCommands(original)).not.toMatch(/generate|export/);
  });
});
