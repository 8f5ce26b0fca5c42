import { z } from 'zod';
import { InputError } from '../../common/errors.ts';
import { cut, short } from '../../common/text/short.ts';
import { wilson } from '../../common/statistics.ts';

/** The file that says which arm is on which side. */
export const pairKeySchema = z
  .strictObject({
    format: z.literal(1),
    run: z.string(),
    /** The second one is told right when it is called the better one. */
    arms: z.tuple([z.string(), z.string()]),
    seed: z.number(),
    pairs: z
      .array(
        z.strictObject({ pair: z.int().positive(), id: z.string(), prompt: z.string(), A: z.string(), B: z.string() }),
      )
      .min(1),
  })
  .refine(
    ({ arms, pairs }) => pairs.every(({ A, B }) => arms.includes(A) && arms.includes(B) && A !== B),
    'the sides of each pair are the two arms',
  );
export type PairKey = z.infer<typeof pairKeySchema>;

const answerSchema = z.strictObject({ pair: z.int().positive(), better: z.enum(['A', 'B', 'tie']) });
/** Which side of a pair somebody found better. */
export type PairAnswer = z.infer<typeof answerSchema>;

/** What answers say of two arms. */
export interface PairScore {
  arms: readonly [string, string];
  pairs: number;
  ties: number;
  /** Pairs in which one side was called better. */
  decided: number;
  /** Of these, the ones in which the second arm was. */
  right: number;
  /** right / decided, with Wilson's 95 % interval; null when every pair is a tie. */
  winRate: number | null;
  ci95: readonly [low: number, high: number] | null;
}

/**
 * Reads answers: JSON lines of {"pair": 1, "better": "A"}, or CSV with the header `pair,better`. `better` is A, B or tie.
 * @param path for messages
 * @throws InputError that names the line
 */
export function readAnswers(text: string, path: string): PairAnswer[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const isJson = text.trimStart().startsWith('{');
  if (!isJson && lines[0]?.replace(/\s/g, '') !== 'pair,better')
    throw new InputError(
      `${path} begins with ${short(lines[0] ?? '', 60)}; expected JSON lines such as {"pair": 1, "better": "A"}, or CSV whose first line is pair,better.`,
    );
  return lines.flatMap((line, i) => {
    if (line.trim() === '' || (!isJson && i === 0)) return [];
    const parsed = answerSchema.safeParse(isJson ? fromJson(line) : fromCsv(line));
    if (parsed.success) return [parsed.data];
    throw new InputError(
      `${path}, line ${i + 1}: ${short(line, 60)} is no answer; expected ${isJson ? '{"pair": NUMBER, "better": "A", "B" or "tie"}' : 'NUMBER,A or NUMBER,B or NUMBER,tie'}.`,
    );
  });
}

function fromJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function fromCsv(line: string): unknown {
  const [pair = '', better, ...more] = line.split(',').map((cell) => cell.trim());
  return more.length > 0 || !/^\d+$/.test(pair) ? undefined : { pair: Number(pair), better };
}

/**
 * Counts answers.
 * @param path of the answers, for messages
 * @throws InputError for a pair without an answer, with two, or that the key does not have
 */
export function scoreAnswers({ arms, pairs }: PairKey, answers: readonly PairAnswer[], path: string): PairScore {
  const given = new Map<number, PairAnswer['better']>();
  for (const { pair, better } of answers) {
    if (!pairs.some((each) => each.pair === pair))
      throw new InputError(
        `${path} answers pair ${pair}, which the key does not have: it has pairs 1 to ${pairs.length}.`,
      );
    if (given.has(pair)) throw new InputError(`${path} answers pair ${pair} twice; keep one answer.`);
    given.set(pair, better);
  }
  const missing = pairs.filter(({ pair }) => !given.has(pair)).map(({ pair }) => pair);
  if (missing.length > 0)
    throw new InputError(
      `${path} has no answer for pair${missing.length > 1 ? 's' : ''} ${cut(missing.join(', '), 120)}; answer "tie" where no side is better.`,
    );
  const decided = pairs.flatMap((pair) => {
    const better = given.get(pair.pair)!;
    return better === 'tie' ? [] : [pair[better]];
  });
  const right = decided.filter((arm) => arm === arms[1]).length;
  const counts = { arms, pairs: pairs.length, ties: pairs.length - decided.length, decided: decided.length, right };
  if (decided.length === 0) return { ...counts, winRate: null, ci95: null };
  return { ...counts, winRate: right / decided.length, ci95: wilson(right, decided.length) };
}
