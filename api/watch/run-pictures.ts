import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NothingThereError, RunError } from '../../common/errors.ts';
import { readResult } from '../../common/files/result-file.ts';
import { PICTURES, type Picture } from '../../evaluation/results.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { ArtifactStore } from '../../pipeline/store/artifact-store.ts';
import { verifiedFolders } from '../runs/artifact-folders.ts';

/** The pictures that a run's evaluation keeps: one of each arm for its first test prompts, from the same start noise. */
export interface KeptPictures {
  /** Folder of the artifact. */
  folder: string;
  arms: string[];
  pictures: Picture[];
}

/**
 * Reads the list of a run's kept pictures, after comparing every file with its digest.
 * @returns undefined before the evaluation is done
 * @throws InputError when there is no such run, RunError when its evaluation is damaged
 * @example
 * ```ts
 * import { keptPictures } from './api/watch/run-pictures.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const kept = await keptPictures(new Home('.textcraftor'), 'latest');
 * console.log(kept?.arms, kept?.pictures.map(({ prompt }) => prompt));
 * ```
 */
export async function keptPictures(home: Home, name: string): Promise<KeptPictures | undefined> {
  const run = await new RunRecords(home).read(name);
  const { evaluate: folder } = await verifiedFolders(home, run, ['evaluate']);
  if (folder === undefined) return undefined;
  const pictures = await readResult(PICTURES, folder);
  return { folder, arms: Object.keys(pictures[0]?.files ?? {}), pictures };
}

/**
 * Reads one kept picture, a PNG file.
 * @param index of its prompt, from 0
 * @throws InputError when there is no such run, NothingThereError when it keeps no such picture, RunError when that is
 *   damaged
 * @example
 * ```ts
 * import { keptPicture } from './api/watch/run-pictures.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const png = await keptPicture(new Home('.textcraftor'), 'latest', 0, 'chosen');
 * console.log(png.length);
 * ```
 */
export async function keptPicture(home: Home, name: string, index: number, arm: string): Promise<Buffer> {
  const run = await new RunRecords(home).read(name);
  const { evaluate: artifact } = Object.fromEntries(run.stages.map(({ name: stage, artifact }) => [stage, artifact]));
  const store = new ArtifactStore(home.artifacts);
  const list = artifact && join(store.folder(artifact.sha256), PICTURES.name);
  if (list === undefined) throw new NothingThereError(`Run ${run.id} has no pictures yet.`);
  await whole(store, list, run.id);
  const files = new Map(Object.entries((await readResult(PICTURES, join(list, '..')))[index]?.files ?? {}));
  const file = files.get(arm);
  if (file === undefined) throw new NothingThereError(`Run ${run.id} keeps no such picture.`);
  const path = join(list, '..', file);
  await whole(store, path, run.id);
  return readFile(path);
}

async function whole(store: ArtifactStore, path: string, run: string): Promise<void> {
  const damage = await store.fileDamage(path);
  if (damage !== undefined)
    throw new RunError(`The evaluation of run ${run} ${damage}; make it again with: textcraftor resume ${run}`);
}
