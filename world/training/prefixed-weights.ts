import type { Weights } from '../../engine/weights/weights.ts';

/** Puts a prefix before the names of weights. */
export const prefixed = (weights: Weights, prefix: string) =>
  [...weights].map(([name, tensor]) => [prefix + name, tensor] as const);

/** Returns the weights whose names begin with a prefix, without it. */
export const part = (weights: Weights, prefix: string): Weights =>
  new Map(
    [...weights]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
