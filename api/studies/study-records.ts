import { randomInt } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError, NothingThereError, RunError } from '../../common/errors.ts';
import { makeFolders } from '../../common/files.ts';
import { readSealed, writeSealed } from '../../common/files/sealed.ts';
import { identifier, isIdentifier } from '../../common/identifiers.ts';
import { drawPairs } from '../../evaluation/pairs/draw-pairs.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { keptPictures, type KeptPictures } from '../watch/run-pictures.ts';

/** Two arms' pictures of a prompt that people compare. */
const pairSchema = z.strictObject({
  /** Number of the prompt among the run's kept pictures, from 0. */
  picture: z.int().nonnegative(),
  prompt: z.string(),
  arms: z.tuple([z.string(), z.string()]),
});

const studySchema = z.strictObject({
  format: z.literal(1),
  id: z.string(),
  run: z.string(),
  /** The first is what the others are compared with. */
  arms: z.array(z.string()).min(2),
  /** Draws prompts, and for each rater the order and the sides. */
  seed: z.int(),
  createdAt: z.string(),
  pairs: z.array(pairSchema).min(1),
  /** Pairs left out, since both arms made the same picture. */
  same: z.int().nonnegative(),
});

/** A blind comparison by people, of pictures that a run's evaluation keeps. */
export type Study = z.infer<typeof studySchema>;

/** What a new study compares. */
export interface NewStudy {
  /** The run's id, or `latest`. */
  run: string;
  /** Two to six arms of its evaluation; the first is what the others are compared with. */
  arms: readonly string[];
  /** Number of prompts; all of the kept ones when it is not said. */
  count?: number | undefined;
  /** Draws prompts, orders and sides; any one when it is not said. */
  seed?: number | undefined;
}

const MOST_ARMS = 6;
const STUDY_FILE = 'study.json';

/**
 * Begins a blind comparison: draws prompts of which the run's evaluation keeps pictures, and pairs each two arms.
 * @throws InputError for an unknown run or arm, for arms named twice, before the evaluation is done, and when all
 *   pictures are the same; RunError when the evaluation is damaged
 * @example
 * ```ts
 * import { beginStudy } from './api/studies/study-records.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const study = await beginStudy(new Home('.textcraftor'), { run: 'latest', arms: ['base', 'chosen'] });
 * console.log(study.id, study.pairs.length);
 * ```
 */
export async function beginStudy(home: Home, { run: name, arms, count, seed }: NewStudy): Promise<Study> {
  const { id: run } = await new RunRecords(home).read(name);
  const kept = await keptPictures(home, run);
  if (!kept) throw new InputError(`Run ${run} has no pictures to compare yet: its stage evaluate is not done.`);
  checkArms(arms, kept.arms, run);
  const drawnBy = seed ?? randomInt(2 ** 31);
  const { pairs, same } = await pairsOf(kept, arms, count ?? kept.pictures.length, drawnBy);
  if (pairs.length === 0)
    throw new InputError(`The arms ${arms.join(', ')} of run ${run} make the same pictures; choose other arms.`);
  const createdAt = new Date().toISOString();
  const id = await newFolder(home, `study-${createdAt.slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}`);
  const study: Study = { format: 1, id, run, arms: [...arms], seed: drawnBy, createdAt, pairs, same };
  await writeSealed(join(home.studies, id, STUDY_FILE), study, 2);
  return study;
}

function checkArms(arms: readonly string[], known: readonly string[], run: string): void {
  if (arms.length < 2 || arms.length > MOST_ARMS || new Set(arms).size < arms.length)
    throw new InputError(`Expected two to ${MOST_ARMS} different arms to compare; got ${arms.join(', ') || 'none'}.`);
  const unknown = arms.find((arm) => !known.includes(arm));
  if (unknown !== undefined)
    throw new InputError(`Run ${run} keeps no pictures of an arm "${unknown}"; its arms are ${known.join(', ')}.`);
}

/** Pairs each two arms on the same prompts, without those whose pictures have the same bytes. */
async function pairsOf(
  { folder, pictures }: KeptPictures,
  arms: readonly string[],
  count: number,
  seed: number,
): Promise<Pick<Study, 'pairs' | 'same'>> {
  const prompts = pictures.map(({ prompt }, i) => ({ id: String(i), prompt }));
  const drawn = drawPairs(prompts, [arms[0]!, arms[1]!], count, seed);
  const all = arms.flatMap((first, i) =>
    arms.slice(i + 1).flatMap((second) =>
      drawn.map(({ id, prompt }): Study['pairs'][number] => ({
        picture: Number(id),
        prompt,
        arms: [first, second],
      })),
    ),
  );
  const differ = await Promise.all(
    all.map(async ({ picture, arms: two }) => {
      const [first, second] = await Promise.all(
        two.map((arm) => readFile(join(folder, pictures[picture]!.files[arm]!))),
      );
      return !first!.equals(second!);
    }),
  );
  const pairs = all.filter((_, i) => differ[i]);
  return { pairs, same: all.length - pairs.length };
}

async function newFolder(home: Home, base: string): Promise<string> {
  await makeFolders(home.studies);
  for (let n = 1; ; n++) {
    const id = n === 1 ? base : `${base}-${n}`;
    try {
      await mkdir(join(home.studies, id));
      return id;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/**
 * Reads a study.
 * @throws InputError when the id is none, NothingThereError when there is no such study, RunError when it is damaged
 * @example
 * ```ts
 * import { readStudy } from './api/studies/study-records.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { run, arms } = await readStudy(new Home('.textcraftor'), 'study-20261201-101500');
 * ```
 */
export async function readStudy(home: Home, given: string): Promise<Study> {
  const id = identifier('name', given);
  const path = join(home.studies, id, STUDY_FILE);
  const record = await readSealed(path, 'begin another comparison').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new NothingThereError(`There is no comparison ${id} in this project.`);
  });
  const parsed = studySchema.safeParse(record);
  if (parsed.success && parsed.data.id === id) return parsed.data;
  throw new RunError(`The record ${path} is not that of comparison ${id}; begin another comparison.`);
}

/**
 * Lists the ids of the studies, the latest first.
 * @example
 * ```ts
 * import { studyIds } from './api/studies/study-records.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * console.log(await studyIds(new Home('.textcraftor')));
 * ```
 */
export async function studyIds(home: Home): Promise<string[]> {
  const entries = await readdir(home.studies, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory() && isIdentifier('name', entry.name));
  return names
    .map(({ name }) => name)
    .toSorted()
    .toReversed();
}
