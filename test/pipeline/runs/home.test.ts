import fc from 'fast-check';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../common/errors.ts';
import { Home } from '../../../pipeline/runs/home.ts';
import { Registry } from '../../../registry/versions.ts';
import { ResultIndex } from '../../../pipeline/store/stage-results.ts';
import { RunRecords } from '../../../pipeline/runs/runs.ts';
import { Schedules } from '../../../registry/schedules/schedules.ts';
import { ArtifactStore } from '../../../pipeline/store/artifact-store.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

const home = new Home('/project/.textcraftor');
/** Each function that makes a path below the home from a name, with the folder of the path. */
const ways: Record<string, [folder: string, path: (name: string) => string]> = {
  run: [home.runs, (name) => home.run(name)],
  work: [home.works, (name) => home.work(name, 'k'.repeat(64))],
  artifact: [home.artifacts, (name) => new ArtifactStore(home.artifacts).folder(name)],
  schedule: [home.schedules, (name) => new Schedules(home).folder(name)],
  log: [join(home.run('r'), 'logs'), (name) => new RunRecords(home).log('r', name)],
};
const names = fc.oneof(
  fc.string({ unit: fc.constantFrom('.', '/', '\\', '-', 'a', '0', '\0', ' ', '~'), maxLength: 10 }),
  fc.constantFrom('..', '.', '', '../..', '/etc', 'a/../../b', '../../../evil'),
);

describe.each(Object.entries(ways))('the path of a %s', (_, [folder, path]) => {
  it('is in its folder, or is refused', () => {
    fc.assert(
      fc.property(names, (name) => {
        let found: string;
        try {
          found = path(name);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
          return;
        }
        expect(dirname(resolve(found))).toBe(folder);
      }),
    );
    for (const name of ['..', '../evil', '../../../evil', '/etc', 'a/b']) expect(() => path(name)).toThrow(InputError);
  });
});

describe('records outside their folder', () => {
  it('are neither read, written nor removed', async () => {
    const folder = await temporaryFolder();
    const own = new Home(join(folder, 'home'));
    const evil = join(folder, 'evil');
    await mkdir(evil);
    const schedule = { name: 'x', pipeline: 'p', config: {}, warmStart: true, minimumPrompts: 1, createdAt: '' };
    for (const file of ['run.json', 'schedule.json', 'config.json']) await writeFile(join(evil, file), '{}');
    const [schedules, records, results, registry] = [
      new Schedules(own),
      new RunRecords(own),
      new ResultIndex(own.results),
      new Registry(own),
    ];
    const name = '../../evil';
    const attempts: (() => Promise<unknown>)[] = [
      () => schedules.remove(name),
      () => schedules.read(name),
      () => schedules.save({ ...schedule, name }),
      () => schedules.release('a', name as unknown as number),
      () => schedules.draft(name),
      () => records.file(name),
      () => records.config(name),
      () => records.saveConfig(name, {}),
      () => records.setStatus(name, 'running'),
      () => records.clearStages(name),
      () => records.create(name, 'textcraftor', {}, []),
      () => records.saveStage('a', { name, status: 'running', seconds: 0 }),
      () => records.link('a', name, 'b'),
      () => records.link('a', 'b', name),
      () => new ArtifactStore(own.artifacts).remove(name),
      () => results.find(name, 'a'),
      () => results.find('a', name),
      () => registry.versions(name),
      () => registry.rollback(name),
      () => registry.aliases(name),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toThrow(InputError);
    expect((await readdir(evil)).toSorted()).toEqual(['config.json', 'run.json', 'schedule.json']);
    expect((await readdir(folder)).filter((each) => each !== 'home')).toEqual(['evil']);
  });
});
