import { expect, it } from 'vitest';
import { formatGarbage } from '../../../cli/run/garbage.ts';

const none = { artifacts: [], results: [], items: [], work: [], runs: [], damaged: [], bytes: 0, uncacheable: {} };
const [first, second] = ['a', 'b'].map((sha256) => ({ sha256, bytes: 1 })) as [never, never];

it('is listed with what has to be made again', () => {
  expect(formatGarbage(none, true)).toBe('Nothing to delete: runs or registered encoders need everything.');
  expect(formatGarbage({ ...none, artifacts: [first], bytes: 1, uncacheable: { train: 1 } }, true)).toBe(
    'Would delete 1 artifact: 1 B.\n  train: 1 result that a run with the same settings has to make again',
  );
  const damaged = [{ run: 'run-3', folder: '/home/runs/run-3', artifacts: new Set<string>() }];
  expect(formatGarbage({ ...none, damaged }, true)).toBe(
    'Nothing to delete: runs or registered encoders need everything.\n' +
      'The record of run run-3 cannot be read, so whatever it may need is kept; to free that too, move /home/runs/run-3 elsewhere and run gc again.',
  );
  const runs = ['run-1', 'run-2'].map((run) => ({ run, folder: run, bytes: 3 }));
  expect(formatGarbage({ ...none, artifacts: [first, second], runs, bytes: 8 }, false)).toBe(
    'Deleted 2 artifacts and 2 old runs: 8 B.\n  run run-1: 3 B\n  run run-2: 3 B',
  );
});
