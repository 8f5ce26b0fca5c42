import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSchedule } from '../../../cli/schedule/create-schedule.ts';
import type { ScheduleControl } from '../../../cli/schedule/show-schedules.ts';
import { InputError } from '../../../common/errors.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

/** The schedule that would be created; nothing when it is refused. */
async function created(inbox: string, ...set: string[]): Promise<unknown[]> {
  const schedules: unknown[] = [];
  const control = { create: (schedule: unknown) => Promise.resolve(void schedules.push(schedule)) };
  const timing = { every: '1h', overlap: 'skip', catchup: '1h' };
  const options = { ...timing, config: 'configs/retrain.yaml', prompts: inbox, set, atLeast: 1 };
  await createSchedule(control as unknown as ScheduleControl, 'nightly', options);
  return schedules;
}

describe('a new schedule', () => {
  it('needs no prompts yet, and reads no half-written ones', async () => {
    const inbox = join(await temporaryFolder(), 'inbox');
    expect(await created(inbox)).toHaveLength(1);
    await mkdir(inbox);
    expect(await created(inbox)).toHaveLength(1);
    await writeFile(join(inbox, 'a.json'), '[{"prompt": ');
    expect(await created(inbox)).toMatchObject([{ config: { prompts: { source: inbox } } }]);
  });

  it('is refused when a plan would be', async () => {
    const inbox = await temporaryFolder();
    for (const [setting, message] of [
      ['sampler.steps=5000', /^sampler\.steps: 5000 sampling steps/],
      ['rewards.clip.model=none', /Cannot read .*none: it does not exist/],
      ['rewards.clip.type=nonsense', /"rewards\.0\.type" is wrong/],
      ['filter.blockedFiles=[none.txt]', /none\.txt: the word list cannot be read/],
      ['model=none', /model_index\.json: it does not exist/],
    ] as const) {
      const error: unknown = await created(inbox, setting).catch((reason: unknown) => reason);
      expect(error, setting).toBeInstanceOf(InputError);
      expect((error as Error).message).toMatch(message);
    }
    await expect(created('/dev/null')).rejects.toThrow('/dev/null: is neither a file nor a folder');
    await expect(created(join(inbox, '[z-a].txt'))).rejects.toThrow('a range in this pattern runs backwards');
  });
});
