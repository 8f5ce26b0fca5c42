import type { Judgement } from '../scenes/common/judgement.ts';

/** Names of the scores that every world has. */
export function exactMetrics(attributes: readonly string[]): string[] {
  return ['oracle', ...attributes.map((name) => `oracle.${name}`), 'quality'];
}

/** Returns these scores of a judged picture; an attribute that was not asked for has none. */
export function exactScores<S>({
  strict,
  correct,
  quality,
}: Judgement<S> & { readonly quality: number }): Record<string, number> {
  const attributes = Object.entries(correct).map(([name, right]) => [`oracle.${name}`, Number(right)] as const);
  return { oracle: strict, ...Object.fromEntries(attributes), quality };
}
