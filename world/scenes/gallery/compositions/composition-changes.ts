import type { RandomStream } from '../../../../common/random.ts';
import { attributes } from '../gallery-scene.ts';
import {
  compositionKey,
  counts,
  isPossible,
  isWhole,
  relations,
  type Composition,
  type PaintedShape,
  type Said,
  type SaidPair,
} from './composition.ts';

/** What can be changed of a composition: one attribute, or two objects exchange their shapes or colors. */
export const changes = ['shape', 'color', 'exchange', 'relation', 'count', 'background'] as const;
export type Change = (typeof changes)[number];

const others = <V>(values: readonly V[], value: V | undefined): V[] =>
  value === undefined ? [] : values.filter((each) => each !== value);

/** Returns an object with another value of one of its attributes, each that is said. */
function repainted<O extends Partial<PaintedShape>>(object: O, name: keyof PaintedShape): O[] {
  return others<string>(attributes[name], object[name]).map((value) => ({ ...object, [name]: value }));
}

/** Returns what is said with one thing changed, each in every way. */
export function changesOf<S extends Said>(said: S): Record<Change, S[]> {
  const changed = (parts: readonly object[]): S[] =>
    parts
      .map((part) => ({ ...said, ...part }) as S)
      .filter((other) => isPossible(other) && compositionKey(other) !== compositionKey(said));
  const objects = (name: keyof PaintedShape): object[] =>
    said.kind === 'group'
      ? repainted(said, name)
      : [
          ...repainted(said.first, name).map((first) => ({ first })),
          ...repainted(said.second, name).map((second) => ({ second })),
        ];
  return {
    shape: changed(objects('shape')),
    color: changed(objects('color')),
    exchange: changed(said.kind === 'pair' ? [...exchanged(said, 'color'), ...exchanged(said, 'shape')] : []),
    relation: changed(said.kind === 'pair' ? others(relations, said.relation).map((relation) => ({ relation })) : []),
    count: changed(said.kind === 'group' ? others(counts, said.count).map((count) => ({ count })) : []),
    background: changed(others(attributes.background, said.background).map((background) => ({ background }))),
  };
}

function exchanged({ first, second }: SaidPair, name: keyof PaintedShape): object[] {
  const [one, other] = [first[name], second[name]];
  return one && other ? [{ first: { ...first, [name]: other }, second: { ...second, [name]: one } }] : [];
}

/** Returns what is said with one thing changed: one of `among` if any of these can be, else any; each equally often. */
export function otherwise<S extends Said>(said: S, among: readonly Change[], stream: RandomStream): S {
  const all = changesOf(said);
  const choices = (names: readonly Change[]): S[][] =>
    names.map((name) => all[name]).filter(({ length }) => length > 0);
  const wanted = choices(among);
  const possible = wanted.length > 0 ? wanted : choices(changes);
  return possible.length > 0 ? stream.choice(stream.choice(possible)) : said;
}

/**
 * Returns what is said as a whole composition; the stream draws what is unsaid. Without one, `undefined` unless all is said.
 */
export function completed(said: Said, stream?: RandomStream): Composition | undefined {
  while (stream && !isWhole(said)) {
    const object = (own: Partial<PaintedShape>): PaintedShape => ({
      shape: own.shape ?? stream.choice(attributes.shape),
      color: own.color ?? stream.choice(attributes.color),
    });
    const background = said.background ?? stream.choice(attributes.background);
    const whole: Composition =
      said.kind === 'group'
        ? { ...said, ...object(said), count: said.count ?? stream.choice(counts), background }
        : {
            ...said,
            first: object(said.first),
            second: object(said.second),
            relation: said.relation ?? stream.choice(relations),
            background,
          };
    if (isPossible(whole)) return whole;
  }
  return isWhole(said) ? said : undefined;
}
