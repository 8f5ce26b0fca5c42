import { describe, expect, it } from 'vitest';
import { formatBytes, formatSeconds, formatTable } from '../../../common/text/format.ts';
import { LiveView, PlainView } from '../../../cli/run/live-view.ts';
import { describeStage } from '../../../cli/run/describe-stage.ts';
import { Pace } from '../../../cli/progress/pace.ts';
import { bar, ProgressBar } from '../../../cli/progress/progress-bar.ts';
import type { Run, StageFile } from '../../../pipeline/runs/runs.ts';

const stage = (change: Partial<StageFile>): StageFile => ({ name: 'tune', status: 'running', seconds: 0, ...change });
const run = (...stages: StageFile[]) => ({ stages }) as Run;
const items = { total: 9, done: 9, reused: 2, seconds: 5, rows: 30, bytes: 0 };
const artifact = { uri: 'file:///', sha256: '0123456789abcdef', bytes: 1234 };

describe('the description of a stage', () => {
  it.each([
    [{ why: 'code changed' }, 'runs: code changed'],
    [{ attempt: 2, why: 'code changed' }, 'attempt 2, runs: code changed'],
    [
      { progress: { step: 3, total: 9, message: 'steps', metrics: { loss: 0.123456 } } },
      '3 of 9 steps, loss 0.1235, 0.0 s',
    ],
    [{ progress: { step: 3, total: 9, message: '3 of 9 pictures' } }, '3 of 9 pictures, 0.0 s'],
    [{ progress: { step: 3, total: 9, message: 'reads shard 2' } }, 'step 3 of 9, reads shard 2, 0.0 s'],
    [{ progress: { step: 0, total: 0, message: 'waits' } }, 'waits, 0.0 s'],
    [
      { progress: { step: 1.2e9, total: 4.41e9, message: 'bytes', metrics: { rows: 2_700_123 } } },
      '1.2 GB of 4.4 GB, rows 2700000, 0.0 s',
    ],
    [{ items: { ...items, done: 3 } }, '3 of 9 items, reused 2, rows 30, 0.0 s'],
    [{ items: { ...items, done: 3, bytes: 5.7e6 } }, '3 of 9 items, reused 2, rows 30, bytes 5.7 MB, 0.0 s'],
    [{ status: 'ran', seconds: 7, items }, 'ran in 7.0 s, 9 items, 2 of them reused'],
    [{ status: 'ran', seconds: 102, bodySeconds: 100 }, 'ran in 1 min 42 s, 2.0 % more than its own work'],
    [{ status: 'ran', seconds: 215, bodySeconds: 200 }, 'ran in 3 min 35 s, 7.5 % more than its own work'],
    [{ status: 'ran', seconds: 75, artifact }, 'ran in 1 min 15 s, 0123456789ab, 1.2 KB'],
    [{ status: 'reused', why: 'made by run-1', artifact }, 'reused, made by run-1, 0123456789ab, 1.2 KB'],
    [{ status: 'failed', error: { name: 'RunError', message: 'NaN' } }, 'failed: NaN'],
    [{ status: 'interrupted', progress: { step: 3, total: 9 } }, 'interrupted at step 3 of 9'],
  ] as const)('%j', (change, text) => {
    expect(describeStage(stage(change as Partial<StageFile>))).toBe(text);
  });
});

describe('a paused stage', () => {
  const stopped = stage({ status: 'cancelled', progress: { step: 3, total: 9 } });
  const paused = { status: 'paused', stages: [stopped] } as Run;

  it('is not called cancelled, also not while the run is about to be paused', () => {
    expect(describeStage(stopped, 'paused')).toBe('paused at step 3 of 9');
    expect(describeStage(stopped, 'running')).toBe('stopped at step 3 of 9');
    expect(describeStage(stopped, 'cancelled')).toBe('cancelled at step 3 of 9');
    let text = '';
    new LiveView({ write: (part: string) => (text += part) } as unknown as NodeJS.WriteStream).update(paused);
    expect(text).toContain('‖ tune           paused at step 3 of 9');
    const lines: string[] = [];
    const view = new PlainView((line) => lines.push(line));
    view.update({ ...paused, status: 'running' });
    view.update(paused);
    expect(lines).toEqual(['tune           paused at step 3 of 9']);
  });
});

describe('speed', () => {
  it('is that of what was done since it is watched, not of what a checkpoint had', () => {
    const pace = new Pace();
    expect(pace.observe('tune 2', 100, 160, 10)).toBeUndefined();
    expect(pace.observe('tune 2', 101, 160, 10.5)).toBeUndefined();
    expect(pace.observe('tune 2', 104, 160, 12)).toEqual({ rate: 2, remaining: 28 });
    expect(pace.observe('tune 2', 104, 160, 20)).toEqual({ rate: 2, remaining: 20 });
    expect(pace.observe('other', 1, 2, 30)).toBeUndefined();
  });

  it('is that of the last minute, and begins anew when the count falls', () => {
    const pace = new Pace();
    for (let second = 0; second < 100; second++) pace.observe('a', second, 1000, second);
    for (let second = 100; second <= 200; second++) pace.observe('a', 99 + (second - 99) * 3, 1000, second);
    expect(pace.observe('a', 99 + 102 * 3, 1000, 201)!.rate).toBe(3);
    expect(pace.observe('a', 5, 1000, 202)).toBeUndefined();
  });

  it('is shown before what may be cut', () => {
    const progress = { step: 3, total: 9, message: 'steps', metrics: { loss: 0.5 } };
    expect(describeStage(stage({ progress }), 'running', { rate: 0.05, remaining: 120 })).toBe(
      '3 of 9 steps, 3.0/min, 2 min 0 s left, loss 0.5, 0.0 s',
    );
  });
});

describe('a bar', () => {
  const terminal = (columns: number) => {
    const written: string[] = [];
    const out = { columns, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
    return { written, out };
  };

  it('says how much is done first, and cuts only what it is of', () => {
    const { written, out } = terminal(40);
    const shown = new ProgressBar(out, 'bytes');
    shown.show('owner/name/a-long-file.safetensors', 5e8, 1e9);
    shown.show('owner/name/a-long-file.safetensors', 1e9, 1e9);
    expect(written).toEqual([
      '\r\x1b[K█████░░░░░  50 %, 500 MB of 1.0 GB, ow…',
      '\r\x1b[K██████████ 100 %, 1.0 GB of 1.0 GB, ow…\n',
    ]);
  });

  it('is full only when everything is done', () => {
    expect([bar(0, 3), bar(299, 300), bar(3, 3), bar(0, 0)]).toEqual([
      '░░░░░░░░░░',
      '█████████░',
      '██████████',
      '░░░░░░░░░░',
    ]);
  });
});

describe('the plain view', () => {
  it('reports each state once, and not the look-up of results', () => {
    const lines: string[] = [];
    const view = new PlainView((line) => lines.push(line));
    view.update(run(stage({ status: 'pending' })));
    view.update(run(stage({})));
    view.update(run(stage({ why: 'it has no earlier result' })));
    view.update(run(stage({ why: 'it has no earlier result', progress: { step: 1, total: 2 } })));
    view.update(run(stage({ status: 'ran', seconds: 1, artifact })));
    view.end(run(stage({ status: 'ran', seconds: 1, artifact })));
    expect(lines.map((line) => line.replace(/ +/g, ' '))).toEqual([
      'tune runs: it has no earlier result',
      'tune ran in 1.0 s, 0123456789ab, 1.2 KB',
    ]);
  });
});

describe('the live view', () => {
  it('draws one line per stage in place, no wider than the terminal', () => {
    let text = '';
    const view = new LiveView({
      columns: 30,
      write: (part: string) => (text += part),
    } as unknown as NodeJS.WriteStream);
    view.update(run(stage({ why: 'x'.repeat(100) }), stage({ status: 'pending' })));
    view.end(run(stage({ status: 'ran', artifact }), stage({ status: 'ran', artifact })));
    const [first, second] = text.split('\x1b[2A');
    expect(first!.split('\n').map((line) => line.replace('\x1b[2K', '').length)).toEqual([29, 17, 0]);
    expect(second).toContain('✓ tune');
  });
});

describe('numbers', () => {
  it('have readable units', () => {
    expect([0.44, 59.6, 3599, 7500].map(formatSeconds)).toEqual(['0.4 s', '1 min 0 s', '59 min 59 s', '2 h 5 min']);
    expect([0, 999, 1000, 123456, 4.2e9].map(formatBytes)).toEqual(['0 B', '999 B', '1.0 KB', '123 KB', '4.2 GB']);
    expect(
      formatTable([
        ['a', 'bbb', ''],
        ['aaa', 'b', 'c'],
      ]),
    ).toBe('a    bbb\naaa  b    c');
  });
});
