import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prepareSchedule } from '../../../api/schedules/create-schedule.ts';
import { InputError } from '../../../common/errors.ts';
import { checkout } from '../../../pipeline/config/config-file.ts';
import { Home } from '../../../pipeline/runs/home.ts';
import type { ScheduleFile } from '../../../registry/schedules/schedule-files.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

/** The record of the schedule that would be created. */
async function prepared(inbox: string, ...set: string[]): Promise<ScheduleFile> {
  const folder = await temporaryFolder();
  const { file } = await prepareSchedule(new Home(folder), {
    name: 'nightly',
    configuration: { file: 'configs/retrain.yaml', prompts: inbox, set, folder: checkout, hub: { cache: folder } },
    timing: { times: { everySeconds: 3600 }, overlap: 'skip', catchUpSeconds: 3600 },
  });
  return file;
}

describe('a new schedule', () => {
  it('needs no prompts yet, and reads no half-written ones', async () => {
    const inbox = join(await temporaryFolder(), 'inbox');
    const expected = { name: 'nightly', warmStart: true, minimumPrompts: 1, config: { prompts: { source: inbox } } };
    expect(await prepared(inbox)).toMatchObject(expected);
    await mkdir(inbox);
    expect(await prepared(inbox)).toMatchObject(expected);
    await writeFile(join(inbox, 'a.json'), '[{"prompt": ');
    expect(await prepared(inbox)).toMatchObject(expected);
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
      const error: unknown = await prepared(inbox, setting).catch((reason: unknown) => reason);
      expect(error, setting).toBeInstanceOf(InputError);
      expect((error as Error).message).toMatch(message);
    }
    await expect(prepared('/dev/null')).rejects.toThrow('/dev/null: is neither a file nor a folder');
    await expect(prepared(join(inbox, '[z-a].txt'))).rejects.toThrow('a range in this pattern runs backwards');
  });
});
