import { parse } from './grammar.ts';
import { oracle } from './oracle.ts';
import { pictureLength } from './renderer.ts';
import { attributeNames } from './scene.ts';

/** The exact judge's scores: of all that was asked for, and of each attribute. */
export const exactMetrics: readonly string[] = ['oracle', ...attributeNames.map((name) => `oracle.${name}`)];

/**
 * `oracle`: 1 when the picture shows all that the prompt names, else 0; `oracle.shape` ... the same for each attribute
 * that it names. Nothing for prompts and pictures that are not of the shapes world.
 * @param picture [H, W, 3] in [0, 1]
 */
export function exactScores(picture: Float32Array, prompt: string): Record<string, number> {
  const asked = picture.length === pictureLength ? parse(prompt) : undefined;
  if (!asked) return {};
  const { strict, correct } = oracle(picture, asked);
  const attributes = Object.entries(correct).map(([name, right]) => [`oracle.${name}`, Number(right)] as const);
  return { oracle: strict, ...Object.fromEntries(attributes) };
}
