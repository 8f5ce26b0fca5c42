import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { initConfiguration } from '../../../api/settings/init-configuration.ts';
import { askConfiguration } from '../../../cli/settings/ask-configuration.ts';
import { parseYaml } from '../../../pipeline/config/yaml.ts';
import { Home } from '../../../pipeline/runs/home.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';
import { textcraftor } from '../command.ts';

let folder: string;
beforeEach(async () => (folder = await temporaryFolder()));

const init = (file: string, answers: object) =>
  initConfiguration(new Home(join(folder, 'home')), {
    ...{ file, folder, hub: { cache: join(folder, 'hub'), endpoint: 'http://127.0.0.1:9' } },
    ...answers,
  });
const written = async (file: string) =>
  parseYaml(await readFile(join(folder, file), 'utf8')) as Record<string, unknown>;

describe('a new configuration', () => {
  it('of an embedded world is planned, with comments, and its constraint whatever is rewarded', async () => {
    const { stages } = await init('my.yaml', { model: 'shapes', rewards: ['preference'] });
    expect(stages.map(({ stage }) => stage)).toContain('tune-encoder');
    expect(await written('my.yaml')).toMatchObject({
      name: 'my',
      model: 'world/shapes/base',
      prompts: { source: 'shapes' },
      rewards: [{ name: 'clip' }, { name: 'preference' }],
    });
    expect(await readFile(join(folder, 'my.yaml'), 'utf8')).toMatch(/^# Only judges the result/m);
  });

  it('of a published model is planned without its files, and is judged by a reward that it does not train on', async () => {
    await writeFile(join(folder, 'prompts: 1.txt'), 'a red cat\n'.repeat(20));
    const answers = { model: 'owner/name', prompts: 'prompts: 1.txt', rewards: ['clip', 'hps'] };
    const { fetches } = await init('Mine 2.yaml', answers);
    expect(fetches.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['owner/name', 'openai/clip-vit-large-patch14']),
    );
    const config = await written('Mine 2.yaml');
    expect(config).toMatchObject({
      name: 'mine',
      heldOut: { type: 'pickscore' },
      prompts: { source: 'prompts: 1.txt' },
    });
  });

  it.each([
    [{ model: 'shapes', rewards: ['clop'] }, 'did you mean "clip"?'],
    [{ model: 'owner/name' }, 'add --prompts'],
    [{ model: 'owner/name', prompts: 'p.txt', rewards: ['pickscore', 'hps', 'clip'] }, 'has to judge the result'],
    [{ model: 'shapes', prompts: 'nowhere.txt' }, 'nowhere.txt'],
    [{ model: 'no-such-folder', prompts: 'shapes' }, 'no-such-folder'],
  ])('is not left behind when a run would refuse it: %j', async (answers, message) => {
    await expect(init('my.yaml', answers)).rejects.toThrow(message);
    await expect(readFile(join(folder, 'my.yaml'))).rejects.toThrow('ENOENT');
  });

  it('replaces no file', async () => {
    await writeFile(join(folder, 'my.yaml'), 'seed: 3\n');
    await expect(init('my.yaml', { model: 'shapes' })).rejects.toThrow('my.yaml exists already');
    expect(await readFile(join(folder, 'my.yaml'), 'utf8')).toBe('seed: 3\n');
  });

  it('is written by the command without a question when nobody is at a terminal', async () => {
    const file = join(folder, 'mine.yaml');
    const { code, stdout } = await textcraftor(join(folder, 'home'), 'init', file, '--model', 'shapes', '--json');
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { config: file, stages: 9 }]);
    expect(await textcraftor(join(folder, 'home'), 'plan', file)).toMatchObject({ code: 0 });
    expect(await textcraftor(join(folder, 'home'), 'init', file)).toMatchObject({ code: 2 });
  });
});

describe('the three questions', () => {
  /** Answers each question as it is asked. */
  const answered = (...answers: string[]) => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    let shown = '';
    output.on('data', (data: Buffer) => {
      shown += data.toString();
      if (!/: $/.test(data.toString())) return;
      const next = answers.shift();
      if (next === undefined) input.end();
      else input.write(`${next}\n`);
    });
    return askConfiguration(input, output).then((result) => ({ result, shown }));
  };

  it('have defaults', async () => {
    const { result, shown } = await answered('', '', '');
    expect(result).toEqual({ model: 'gallery', prompts: 'gallery', rewards: ['clip', 'aesthetic', 'preference'] });
    expect(shown).toContain('aesthetic: that it is beautiful');
  });

  it('are asked again when the answer cannot be used', async () => {
    const { result, shown } = await answered('owner/name', '', 'prompts.txt', 'clip,pikscore', 'clip, pickscore');
    expect(result).toEqual({ model: 'owner/name', prompts: 'prompts.txt', rewards: ['clip', 'pickscore'] });
    expect(shown).toContain('There is no reward pikscore.');
  });

  it('end when the input does', async () => {
    await expect(answered('shapes')).rejects.toThrow('No configuration was written');
  });
});
