import type { RandomStream } from '../../../common/random.ts';
import type { Combination, Combinations } from '../../scenes/common/combinations.ts';

/**
 * Draws a training combination that differs from `scene` in one attribute of `among`, each equally often; in any attribute
 * if no training combination differs in one of those alone.
 */
export function neighbour<A extends Readonly<Record<string, readonly string[]>>, S extends Combination<A>>(
  combinations: Combinations<A>,
  attributes: A,
  scene: S,
  random: RandomStream,
  among: readonly (keyof A & string)[],
): S {
  const changed = (attribute: keyof A & string): S[] =>
    attributes[attribute]!.filter((value) => value !== scene[attribute])
      .map((value): S => ({ ...scene, [attribute]: value }))
      .filter((other) => combinations.split(other) === 'train');
  const choices = among.map(changed).filter((others) => others.length > 0);
  return choices.length > 0
    ? random.choice(random.choice(choices))
    : neighbour(combinations, attributes, scene, random, combinations.names);
}
