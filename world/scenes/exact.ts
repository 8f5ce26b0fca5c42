import { parse } from './grammar.ts';
import { oracle } from './oracle.ts';
import { pictureLength } from './renderer.ts';
import { attributeNames } from './scene.ts';

/** Names of the exact judge's scores: for the whole prompt, and for each attribute. */
export const exactMetrics: readonly string[] = ['oracle', ...attributeNames.map((name) => `oracle.${name}`)];

/**
 * Scores a picture exactly. `oracle`: 1 when it shows everything that the prompt names, else 0; `oracle.shape` ... the same
 * for each attribute named. Empty for prompts and pictures outside the shapes world.
 * @param picture [H, W, 3] in [0, 1]
 */
export function exactScores(picture: Float32Array, prompt: string): Record<string, number> {
  const asked = picture.length === pictureLength ? parse(prompt) : undefined;
  if (!asked) return {};
  const { strict, correct } = oracle(picture, asked);
  const attributes = Object.entries(correct).map(([name, right]) => [`oracle.${name}`, Number(right)] as const);
  return { oracle: strict, ...Object.fromEntries(attributes) };
}
