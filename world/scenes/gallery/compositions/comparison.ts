import {
  turned,
  type Composition,
  type CompositionAttribute,
  type Group,
  type PaintedShape,
  type Pair,
  type Said,
  type SaidGroup,
  type SaidPair,
} from './composition.ts';

type Correct = Partial<Record<CompositionAttribute, boolean>>;

/**
 * Compares what a picture shows with what is said, attribute by attribute: a pair's shapes are right when both are. Which
 * of two objects is meant by the first, its shape and color tell; only if they do not, its place does. So a pair that is
 * turned is wrong in the relation alone, and one whose objects have exchanged their colors in the color alone. What is of
 * the other kind has neither relation nor count.
 */
export function compare(shown: Composition, said: Said): Correct {
  const correct = said.kind === 'pair' ? comparePair(shown, said) : compareGroup(shown, said);
  return said.background ? { ...correct, background: shown.background === said.background } : correct;
}

function comparePair(shown: Composition, said: SaidPair): Correct {
  const objects = [said.first, said.second];
  const ways = shown.kind === 'pair' ? [shown, turned(shown)] : [asPair(shown)];
  const judged = ways.map((way) => {
    const own = [way.first, way.second];
    const right = (name: keyof PaintedShape): boolean[] =>
      objects.flatMap((object, i) => (object[name] === undefined ? [] : [object[name] === own[i]![name]]));
    const [shapes, colors] = [right('shape'), right('color')];
    const related = shown.kind === 'pair' && way.relation === said.relation;
    const agreement = [...shapes, ...colors].filter(Boolean).length + (related ? 0.5 : 0);
    return { shapes, colors, related, agreement };
  });
  const { shapes, colors, related } = judged.reduce((a, b) => (b.agreement > a.agreement ? b : a));
  return {
    ...(shapes.length > 0 && { shape: shapes.every(Boolean) }),
    ...(colors.length > 0 && { color: colors.every(Boolean) }),
    ...(said.relation && { relation: related }),
  };
}

function asPair({ shape, color, background }: Group): Pair {
  return { kind: 'pair', first: { shape, color }, second: { shape, color }, relation: 'left of', background };
}

function compareGroup(shown: Composition, said: SaidGroup): Correct {
  const objects: readonly PaintedShape[] = shown.kind === 'pair' ? [shown.first, shown.second] : [shown];
  return {
    ...(said.shape && { shape: objects.every(({ shape }) => shape === said.shape) }),
    ...(said.color && { color: objects.every(({ color }) => color === said.color) }),
    ...(said.count && { count: shown.kind === 'group' && shown.count === said.count }),
  };
}

/** Returns whether a picture shows something else than is said. */
export function contradicts(shown: Composition, said: Said): boolean {
  return Object.values(compare(shown, said)).includes(false);
}

/** Returns the share of what is said that a picture shows. */
export function agreement(shown: Composition, said: Said): number {
  const judged = Object.values(compare(shown, said));
  return judged.filter(Boolean).length / judged.length;
}
