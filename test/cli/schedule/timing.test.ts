import { describe, expect, it } from 'vitest';
import { temporalTiming } from '../../../api/schedules/schedule-timing.ts';
import { timingOf } from '../../../cli/schedule/timing.ts';

describe('the times of a schedule', () => {
  it.each([
    [{ every: '90s' }, { intervals: [{ every: 90_000 }] }],
    [{ every: '7d' }, { intervals: [{ every: 604_800_000 }] }],
    [
      { cron: ['0 3 * * *'], timezone: 'Europe/Berlin' },
      { cronExpressions: ['0 3 * * *'], timezone: 'Europe/Berlin' },
    ],
  ])('%o', (times, spec) => {
    expect(temporalTiming(timingOf({ overlap: 'buffer-one', catchup: '1d', ...times }))).toEqual({
      spec,
      policies: { overlap: 'BUFFER_ONE', catchupWindow: 86_400_000 },
    });
  });

  it.each([
    [{}, 'No times were given'],
    [{ every: '1h', cron: ['* * * * *'] }, 'No times were given'],
    [{ every: '1 hour' }, '--every 1 hour: expected a time'],
    [{ every: '0s' }, 'expected a time'],
    [{ cron: ['daily'] }, 'expected five fields'],
    [{ every: '1h', overlap: 'wait' }, '--overlap is "wait"; expected one of skip, buffer-one'],
  ])('are refused when they are invalid: %o', (times, message) => {
    expect(() => temporalTiming(timingOf({ overlap: 'skip', catchup: '1d', ...times }))).toThrow(message);
  });
});
