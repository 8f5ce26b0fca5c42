import type { Background, GalleryScene } from '../gallery-scene.ts';

/** Where the first object of a pair is. */
export const relations = ['left of', 'right of', 'above', 'below'] as const;
export type Relation = (typeof relations)[number];

/** How many objects a group has. */
export const counts = ['two', 'three', 'four'] as const;
export type Count = (typeof counts)[number];

/** What an object is, wherever it is. */
export type PaintedShape = Pick<GalleryScene, 'shape' | 'color'>;

/** Two objects that differ in shape or color, one on one side of the other. */
export interface Pair {
  readonly kind: 'pair';
  readonly first: PaintedShape;
  readonly second: PaintedShape;
  readonly relation: Relation;
  readonly background: Background;
}

/** Some equal objects. */
export interface Group extends PaintedShape {
  readonly kind: 'group';
  readonly count: Count;
  readonly background: Background;
}

/** What a picture of several objects shows: the harder tier of the gallery. */
export type Composition = Pair | Group;

/** A pair of which some is said. */
export interface SaidPair {
  readonly kind: 'pair';
  readonly first: Partial<PaintedShape>;
  readonly second: Partial<PaintedShape>;
  readonly relation?: Relation;
  readonly background?: Background;
}

/** A group of which some is said. */
export type SaidGroup = Partial<Omit<Group, 'kind'>> & Pick<Group, 'kind'>;

/** What is said of a composition, all or some of it. */
export type Said = SaidPair | SaidGroup;

/** What can be right or wrong of a composition; a pair has no count, and a group no relation. */
export const compositionAttributes = ['shape', 'color', 'relation', 'count', 'background'] as const;
export type CompositionAttribute = (typeof compositionAttributes)[number];

const opposites: Record<Relation, Relation> = {
  'left of': 'right of',
  'right of': 'left of',
  above: 'below',
  below: 'above',
};

/** Says the same of the second object: what is left of another has the other on its right. */
export function turned<P extends SaidPair>(pair: P): P {
  const relation = pair.relation && opposites[pair.relation];
  return { ...pair, first: pair.second, second: pair.first, ...(relation && { relation }) };
}

/** Returns the same pair from left to right, or from top to bottom. */
export function inReadingOrder<P extends SaidPair>(pair: P): P {
  return pair.relation === 'right of' || pair.relation === 'below' ? turned(pair) : pair;
}

/** Returns what is said as one string: the same for a pair and the same pair turned. */
export function compositionKey(said: Said): string {
  if (said.kind === 'group') return ['group', said.count, said.color, said.shape, said.background].join('/');
  const { first, second, relation, background } = inReadingOrder(said);
  const objects = [first, second].map(({ color, shape }) => `${color}/${shape}`);
  if (!relation) objects.sort();
  return ['pair', objects[0], relation, objects[1], background].join('/');
}

/** Returns whether there are such pictures: the objects of a pair are not said to be equal. */
export function isPossible(said: Said): boolean {
  if (said.kind === 'group') return true;
  const { first, second } = said;
  return !first.shape || !first.color || first.shape !== second.shape || first.color !== second.color;
}

/** Returns whether all of a composition is said. */
export function isWhole(said: Said): said is Composition {
  const { background } = said;
  const parts =
    said.kind === 'pair'
      ? [said.relation, said.first.shape, said.first.color, said.second.shape, said.second.color]
      : [said.count, said.shape, said.color];
  return [background, ...parts].every((part) => part !== undefined);
}
