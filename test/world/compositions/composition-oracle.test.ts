import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../../common/random.ts';
import { mean } from '../../../common/statistics.ts';
import { randomJitters, renderComposition } from '../../../world/scenes/gallery/compositions/composition-renderer.ts';
import { compositions } from '../../../world/scenes/gallery/compositions/composition-set.ts';
import type { Composition, Group, Pair } from '../../../world/scenes/gallery/compositions/composition.ts';
import { styleNames, type StyleName } from '../../../world/scenes/gallery/gallery-scene.ts';
import {
  judgeComposition,
  readComposition,
  type CompositionJudgement,
} from '../../../world/scenes/gallery/oracle/composition-oracle.ts';
import { readGallery } from '../../../world/scenes/gallery/oracle/gallery-oracle.ts';
import { leastValidity } from '../../../world/scenes/common/judgement.ts';
import { autoencoders, wrongPictures } from '../gallery/simulations.ts';
import { wrongCompositions } from './wrong-compositions.ts';

/** Draws a pair two times in three, else a group. */
function draw(style: StyleName, i: number, stream: RandomStream): { scene: Composition; picture: Float32Array } {
  const kind = i % 3 === 2 ? 'group' : 'pair';
  const scene = stream.choice(compositions.all.filter((each) => each.kind === kind));
  return { scene, picture: renderComposition(scene, style, { jitters: randomJitters(scene, stream) }) };
}

function judged(
  style: StyleName,
  count: number,
  change = (picture: Float32Array, _: RandomStream): Float32Array => picture,
): CompositionJudgement[] {
  return Array.from({ length: count }, (_, i) => {
    const stream = new RandomStream(7, `compositions, ${style}`, i);
    const { scene, picture } = draw(style, i, stream);
    return judgeComposition(change(picture, stream), scene);
  });
}

const strictness = (judgements: readonly CompositionJudgement[]): number =>
  mean(judgements.map(({ strict }) => strict));
const styled = (judgements: readonly CompositionJudgement[], style: StyleName): number =>
  mean(judgements.map((judgement) => Number(judgement.style === style)));

describe.each(styleNames)('the oracle on several objects in the style %s', (style) => {
  test('is right on clean renders with jitter', () => {
    const judgements = judged(style, 18);
    expect(strictness(judgements)).toBeGreaterThanOrEqual(0.97);
    expect(styled(judgements, style)).toBeGreaterThanOrEqual(0.97);
    expect(mean(judgements.map(({ quality }) => quality))).toBeGreaterThan(0.9);
  });

  test('is right after each autoencoder', () => {
    const judgements = Object.values(autoencoders).flatMap((change) => judged(style, 6, change));
    expect(strictness(judgements)).toBeGreaterThanOrEqual(0.9);
    expect(styled(judgements, style)).toBeGreaterThanOrEqual(0.9);
  });
});

const { 'two objects': _, 'the same object twice': __, ...ofOne } = wrongPictures;

test('of pictures of no composition, at most one in a hundred is valid', () => {
  const readings = Object.entries({ ...ofOne, ...wrongCompositions }).flatMap(([kind, make]) =>
    styleNames.flatMap((style) =>
      Array.from({ length: 5 }, (_, i) => {
        const { validity } = readComposition(make(style, new RandomStream(9, `${kind}, ${style}`, i)));
        return { kind, style, validity };
      }),
    ),
  );
  const valid = readings.filter(({ validity }) => validity >= leastValidity);
  expect(valid.length / readings.length, JSON.stringify(valid)).toBeLessThanOrEqual(0.01);
});

test('several objects are no picture of the gallery with one', () => {
  for (const style of styleNames)
    for (let i = 0; i < 6; i++) {
      const { picture } = draw(style, i, new RandomStream(10, `several, ${style}`, i));
      expect(readGallery(picture).validity).toBeLessThan(leastValidity);
    }
});

const pair: Pair = {
  kind: 'pair',
  first: { shape: 'circle', color: 'red' },
  second: { shape: 'square', color: 'blue' },
  relation: 'left of',
  background: 'sand',
};
const group: Group = { kind: 'group', count: 'three', shape: 'cross', color: 'yellow', background: 'navy' };

test.each(styleNames)('a wrong relation, exchanged colors and another count are told from each other: %s', (style) => {
  const wrong = ({ correct }: CompositionJudgement): string[] =>
    Object.entries(correct).flatMap(([name, right]) => (right ? [] : [name]));
  const picture = renderComposition(pair, style);
  expect(judgeComposition(picture, pair)).toMatchObject({ strict: 1, soft: 1, style });
  const mirrored = judgeComposition(picture, { ...pair, relation: 'right of' });
  expect(mirrored).toMatchObject({ strict: 0, soft: 0.75 });
  expect(wrong(mirrored)).toEqual(['relation']);
  const [first, second] = [
    { shape: 'circle', color: 'blue' },
    { shape: 'square', color: 'red' },
  ] as const;
  expect(wrong(judgeComposition(picture, { ...pair, first, second }))).toEqual(['color']);
  expect(judgeComposition(picture, { kind: 'pair', first: {}, second: { shape: 'circle' } }).strict).toBe(1);
  const three = renderComposition(group, style);
  expect(judgeComposition(three, group).strict).toBe(1);
  for (const count of ['two', 'four'] as const)
    expect(wrong(judgeComposition(three, { ...group, count }))).toEqual(['count']);
  for (const count of ['two', 'four'] as const) {
    const other = renderComposition({ ...group, count }, style);
    expect(wrong(judgeComposition(other, group))).toEqual(['count']);
  }
});

test('two equal objects are a group, in a row or in a column', () => {
  const two: Group = { ...group, count: 'two' };
  expect(readComposition(renderComposition(two, 'flat')).scene).toEqual(two);
  const equal = { shape: two.shape, color: two.color };
  const column: Pair = { ...pair, first: equal, second: equal, relation: 'above', background: two.background };
  expect(readComposition(renderComposition(column, 'flat')).scene).toEqual(two);
});
