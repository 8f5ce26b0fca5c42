import { RandomStream } from '../../../../common/random.ts';
import { splitOfKey, type Split } from '../../common/combinations.ts';
import { attributes, type ObjectColor } from '../gallery-scene.ts';
import { contradicts } from './comparison.ts';
import { changes, changesOf, type Change } from './composition-changes.ts';
import {
  compositionKey,
  counts,
  turned,
  type Composition,
  type Group,
  type PaintedShape,
  type Pair,
} from './composition.ts';

type TwoColors = readonly [ObjectColor, ObjectColor];

/** All 15 pairs of different colors. */
const colorPairs = attributes.color.flatMap((first, i) =>
  attributes.color.slice(i + 1).map((second): TwoColors => [first, second]),
);
/** Pairs of different colors that two shapes have on one ground, both ways round. */
const drawnPairs = 4;

/**
 * Returns the colors of two shapes on a ground: some pairs of different ones, both ways round; one color for both if the
 * shapes differ. So to each pair there are those with its colors exchanged, its shapes exchanged, and its objects turned.
 */
function colorsOfShapes(first: string, second: string, background: string): TwoColors[] {
  const stream = new RandomStream(0, `compositions, ${first}, ${second}, ${background}`);
  const drawn = [...stream.permutation(colorPairs.length)].slice(0, drawnPairs).map((at) => colorPairs[at!]!);
  const both = drawn.flatMap(([a, b]): TwoColors[] => [
    [a, b],
    [b, a],
  ]);
  if (first === second) return both;
  const same = stream.choice(attributes.color);
  return [...both, [same, same]];
}

function pairs(): Pair[] {
  return attributes.background.flatMap((background) =>
    attributes.shape.flatMap((one, i) =>
      attributes.shape.slice(i).flatMap((other) =>
        colorsOfShapes(one, other, background).flatMap(([a, b]) => {
          const objects: [PaintedShape, PaintedShape] = [
            { shape: one, color: a },
            { shape: other, color: b },
          ];
          // The same shape has its colors both ways round already.
          const orders = one === other ? [objects] : [objects, [objects[1], objects[0]] as const];
          return orders.flatMap(([first, second]) =>
            (['left of', 'above'] as const).map((relation): Pair => ({
              kind: 'pair',
              first,
              second,
              relation,
              background,
            })),
          );
        }),
      ),
    ),
  );
}

function groups(): Group[] {
  return counts.flatMap((count) =>
    attributes.shape.flatMap((shape) =>
      attributes.color.flatMap((color) =>
        attributes.background.map((background): Group => ({ kind: 'group', count, shape, color, background })),
      ),
    ),
  );
}

/** Half of the pairs are said from their second object, so that every relation occurs. */
function inEitherOrder(pair: Pair, index: number): Pair {
  return new RandomStream(0, 'order of a pair', index).uniform() < 0.5 ? pair : turned(pair);
}

/** The harder tier's scenes, each in the split of its hash; a pair and the same pair turned are one. */
class CompositionSet {
  /** 1,400 pairs and 360 groups, in a fixed order. */
  readonly all: readonly Composition[] = [...pairs().map(inEitherOrder), ...groups()];
  readonly #splits = new Map(this.all.map((scene) => [compositionKey(scene), splitOf(scene)]));
  readonly #bySplit: Record<Split, Composition[]> = { train: [], validation: [], test: [] };

  constructor() {
    for (const scene of this.all) this.#bySplit[this.split(scene)].push(scene);
  }

  /** Returns the split of a composition by its hash, whether or not it is one of `all`. */
  split(scene: Composition): Split {
    return this.#splits.get(compositionKey(scene)) ?? splitOf(scene);
  }

  /** Returns the compositions of one split, in the order of `all`. */
  of(split: Split): readonly Composition[] {
    return this.#bySplit[split];
  }

  /**
   * Draws a training composition that differs in one thing of `among`, each equally often; in any if none differs in one of
   * those alone.
   */
  trainingNeighbor(scene: Composition, stream: RandomStream, among: readonly Change[] = changes): Composition {
    const all = changesOf(scene);
    const choices = among
      .map((name) => all[name].filter((other) => this.#splits.get(compositionKey(other)) === 'train'))
      .filter(({ length }) => length > 0);
    if (choices.length > 0) return stream.choice(stream.choice(choices));
    return among === changes ? stream.choice(this.of('train')) : this.trainingNeighbor(scene, stream);
  }

  /** Draws another training composition: two times in three only one thing differs, otherwise all may. */
  wrong(scene: Composition, stream: RandomStream): Composition {
    for (;;) {
      const near = stream.uniform() < 2 / 3;
      const other = near ? this.trainingNeighbor(scene, stream) : stream.choice(this.of('train'));
      if (contradicts(scene, other)) return other;
    }
  }
}

function splitOf(scene: Composition): Split {
  return splitOfKey(`compositions/${compositionKey(scene)}`);
}

export const compositions = new CompositionSet();
