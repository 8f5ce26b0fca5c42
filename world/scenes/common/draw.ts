import type { RandomStream } from '../../../common/random.ts';

/** Draws one of the items by their shares, which sum to 1. */
export function draw<T>(stream: RandomStream, shares: readonly (readonly [T, number])[]): T {
  let rest = stream.uniform();
  for (const [value, share] of shares) if ((rest -= share) < 0) return value;
  return shares.at(-1)![0];
}
