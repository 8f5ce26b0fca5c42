import { worldOfSide } from './known-worlds.ts';

/**
 * Scores pictures, one per prompt, by the exact judge of the world whose pictures have this side. An array per metric of
 * that world, NaN where a prompt is none of its own or does not name the attribute; nothing when there is no such world.
 * @param pictures [prompts, side, side, 3] in [0, 1]
 */
export function scorePictures(
  side: number,
  pictures: Float32Array,
  prompts: readonly string[],
): Record<string, Float64Array> {
  const world = worldOfSide(side);
  if (!world) return {};
  const values = side * side * 3;
  const scores = prompts.map((prompt, i) => world.exactScores(pictures.slice(i * values, (i + 1) * values), prompt));
  return Object.fromEntries(
    world.metrics.map((metric) => [metric, Float64Array.from(scores, (own) => own[metric] ?? NaN)]),
  );
}
