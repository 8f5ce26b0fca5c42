import { philox } from '../../common/random.ts';

const rounds = 6;

/**
 * Returns a random permutation of 0 .. n-1 that computes each entry on its own, without memory: a Feistel network over
 * the next even power of two, iterated until it lands below n (Black and Rogaway, "Ciphers with arbitrary finite domains",
 * 2002).
 *
 * @param key two 32-bit numbers that choose the order, for example seed and epoch
 */
export function keyedPermutation(n: number, key: readonly [number, number]): (place: number) => number {
  const half = Math.max(1, Math.ceil(Math.log2(Math.max(n, 2)) / 2)); // bits per side
  const mask = 2 ** half - 1;
  const step = (value: number): number => {
    let [left, right] = [Math.floor(value / 2 ** half), value & mask];
    for (let round = 0; round < rounds; round++) {
      [left, right] = [right, left ^ (philox([right, round, 0, 0], key)[0] & mask)];
    }
    return left * 2 ** half + right;
  };
  return (place) => {
    let value = step(place);
    while (value >= n) value = step(value);
    return value;
  };
}
