import { RandomStream } from '../../common/random.ts';
import type { Prompt } from '../pictures/picture-generator.ts';

/** The sides of a pair. */
export const SIDES = ['A', 'B'] as const;

/** Two pictures of a prompt from the same start noise, one of each arm. */
export interface DrawnPair extends Prompt {
  /** Its number, from 1. */
  pair: number;
  /** The arm on each side. */
  A: string;
  B: string;
}

/**
 * Draws prompts without repetition, and for each which arm is on which side.
 * @param count at most the number of prompts
 */
export function drawPairs(
  prompts: readonly Prompt[],
  [first, second]: readonly [string, string],
  count: number,
  seed: number,
): DrawnPair[] {
  const order = [...new RandomStream(seed, 'blind-pairs').permutation(prompts.length)].slice(0, count);
  const sides = new RandomStream(seed, 'blind-sides');
  return order.map((index, i) => {
    const [A, B] = sides.integer(2) === 0 ? [first, second] : [second, first];
    return { pair: i + 1, ...prompts[index]!, A, B };
  });
}
