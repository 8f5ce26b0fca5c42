import { Combinations, type Combination, type Split } from '../common/combinations.ts';
import { shapes } from '../common/signed-distance.ts';

/** Attributes of a picture of the shapes world, which shows one object. */
export const attributes = {
  shape: shapes,
  color: ['red', 'green', 'blue', 'yellow', 'pink', 'cyan'],
  background: ['white', 'gray', 'black', 'brown', 'mint'],
  size: ['small', 'large'],
  position: ['center', 'top left', 'top right', 'bottom left', 'bottom right'],
} as const;

export type Attribute = keyof typeof attributes;
export type Scene = Combination<typeof attributes>;

/** All 1,200 combinations and their splits. */
export const combinations = new Combinations('shapes world', attributes);

export const attributeNames: readonly Attribute[] = combinations.names;

/** All 1,200 combinations, in a fixed order. */
export const scenes: readonly Scene[] = combinations.all;

/** Returns the combination as one string, such as "circle/red/white/small/top left". */
export function sceneKey(scene: Scene): string {
  return combinations.key(scene);
}

/** Returns the combinations of one split, in the order of `scenes`. */
export function scenesOf(split: Split): readonly Scene[] {
  return combinations.of(split);
}
