import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { requireProgram } from '../../../common/files/find-program.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

async function script(path: string, mode: number, first = '#!/bin/sh'): Promise<string> {
  await writeFile(path, `${first}\necho\n`);
  await chmod(path, mode);
  return path;
}

it('a program is looked for as the system would start it', async () => {
  const [one, two] = [await temporaryFolder(), await temporaryFolder()];
  const tell = await script(join(two, 'tell'), 0o755);
  const find = (name: string, PATH?: string) =>
    requireProgram('notify.0.command', name, PATH === undefined ? {} : { PATH });
  await find(tell);
  await find('tell', `${one}:${two}`);
  await find('sh');
  await find('sh', '/nowhere:/bin:/usr/bin');
  // What cannot be started does not hide what can.
  await mkdir(join(one, 'tell'));
  await find('tell', `${one}:${two}`);
  const before = await temporaryFolder();
  await script(join(before, 'tell'), 0o644);
  await find('tell', `${before}:${two}`);

  for (const [name, PATH, message] of [
    ['tell', one, 'no program tell is on the PATH; correct its name, give its path, or install it.'],
    ['tell', '', 'no program tell is on the PATH'],
    ['./none/tell', two, 'the program ./none/tell does not exist; correct its path, or install it.'],
    [one, two, `${one} is a folder; expected a program.`],
    ['tell', before, `${before}/tell is not executable by this user; allow it with: chmod +x ${before}/tell`],
    [join(before, 'tell'), two, 'is not executable by this user'],
    [
      await script(join(two, 'old'), 0o755, '#! /usr/bin/none-such -u'),
      two,
      `the first line of ${two}/old names the program /usr/bin/none-such, which does not exist`,
    ],
  ] as const)
    await expect(find(name, PATH), name).rejects.toThrow(
      expect.objectContaining({
        name: 'InputError',
        message: expect.stringContaining(message),
      }),
    );
});
