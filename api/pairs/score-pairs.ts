import { InputError } from '../../common/errors.ts';
import { readInputText } from '../../common/files/input-file.ts';
import { reasonOf } from '../../common/text/reason.ts';
import {
  pairKeySchema,
  readAnswers,
  scoreAnswers,
  type PairKey,
  type PairScore,
} from '../../evaluation/pairs/pair-answers.ts';

/**
 * Counts how often the second arm of blind pairs was told to be the better one.
 * @param key the file key.json beside the pairs
 * @param answers JSON lines of {"pair": 1, "better": "A"}, or CSV with the header `pair,better`; A, B or tie for every pair
 * @throws InputError that names the file and the line, or the pair that is missing, doubled or unknown
 * @example
 * ```ts
 * import { scorePairs } from './api/pairs/score-pairs.ts';
 *
 * const { right, decided, ci95 } = await scorePairs('pairs/key.json', 'answers.csv');
 * console.log(`${right} of ${decided}`, ci95);
 * ```
 */
export async function scorePairs(key: string, answers: string): Promise<PairScore> {
  const parsedKey = await readKey(key);
  return scoreAnswers(parsedKey, readAnswers(await read(answers), answers), answers);
}

async function readKey(path: string): Promise<PairKey> {
  let value: unknown;
  try {
    value = JSON.parse(await read(path));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw notAKey(path);
  }
  const parsed = pairKeySchema.safeParse(value);
  if (!parsed.success) throw notAKey(path);
  return parsed.data;
}

const notAKey = (path: string): InputError =>
  new InputError(`${path} is not the key of blind pairs; expected the file key.json that "textcraftor pairs" wrote.`);

async function read(path: string): Promise<string> {
  try {
    return await readInputText(path);
  } catch (error) {
    throw new InputError(`${path} cannot be read: ${reasonOf(error)}.`);
  }
}
