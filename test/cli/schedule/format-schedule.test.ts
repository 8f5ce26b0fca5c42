import { describe, expect, it } from 'vitest';
import type { ShownSchedule } from '../../../api/schedules/manage-schedules.ts';
import { formatSchedule } from '../../../cli/schedule/format-schedule.ts';

const shown: ShownSchedule = {
  name: 'nightly',
  pipeline: 'textcraftor',
  config: { prompts: { source: '/inbox' } },
  warmStart: true,
  minimumPrompts: 100,
  createdAt: '2026-11-23T00:00:00.000Z',
  paused: false,
  next: ['2026-11-25T03:00:00.000Z'],
  running: [],
  recent: [{ workflow: 'retrain-nightly', at: '2026-11-24T03:00:00.000Z' }],
  missed: 0,
  skipped: 0,
  batches: [],
};
const at = '2026-11-24T03:00:01.000Z';

describe('a shown schedule', () => {
  it.each([
    [{ looked: { at, result: 'no-new-files', rows: 0 } }, 'at 2026-11-24 03:00: no file in /inbox is new'],
    [{ looked: { at, result: 'still-arriving', rows: 0 } }, 'were still being written'],
    [{ looked: { at, result: 'no-new-prompts', rows: 0 } }, 'have only prompts that were used before'],
    [{ looked: { at, result: 'too-few', rows: 12 } }, '12 new prompts, and it waits for 100 (--at-least)'],
    [{ recent: [] }, 'its first time has not come yet'],
    [{ recent: [], paused: true }, 'it is paused; textcraftor schedule unpause nightly continues it'],
  ] as const)('says why nothing was done: %j', (change, why) => {
    const line = formatSchedule({ ...shown, ...(change as Partial<ShownSchedule>) })
      .split('\n')
      .find((each) => each.startsWith('nothing done'));
    expect(line).toContain(why);
  });

  it('says nothing of the kind while it retrains, and when the last start did', () => {
    const looked = { at, result: 'no-new-files', rows: 0 } as const;
    expect(formatSchedule({ ...shown, looked, running: ['retrain-nightly'] })).not.toContain('nothing done');
    expect(formatSchedule(shown)).not.toContain('nothing done');
  });
});
