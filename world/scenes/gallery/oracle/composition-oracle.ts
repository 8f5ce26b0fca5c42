import { leastValidity, type Judgement } from '../../common/judgement.ts';
import { arranged, placed, type Arrangement } from '../compositions/arrangement.ts';
import { compare } from '../compositions/comparison.ts';
import type { Composition, CompositionAttribute, PaintedShape, Said } from '../compositions/composition.ts';
import { attributes, styleNames, type Background, type ObjectColor } from '../gallery-scene.ts';
import type { Layout } from './object-layout.ts';
import { pictureReader, type PictureReading } from './picture-reading.ts';

/** An arrangement of shapes of one color, or of two. */
interface ArrangedLayout extends Layout {
  readonly arrangement: Arrangement;
}

/**
 * All 160 layouts of several objects: any two shapes in a row or in a column, each of its color, and three or four equal
 * ones of one color. Two equal objects are a pair whose objects turn out to be the same.
 */
const layouts: readonly ArrangedLayout[] = styleNames.flatMap((style) => [
  ...(['row', 'column'] as const).flatMap((arrangement) =>
    attributes.shape.flatMap((first) =>
      attributes.shape.map((second) => ({
        style,
        arrangement,
        objects: placed(arrangement, [first, second]),
        colorOf: [0, 1],
      })),
    ),
  ),
  ...(['three', 'four'] as const).flatMap((count) =>
    attributes.shape.map((shape) => {
      const { arrangement, objects } = arranged({ kind: 'group', count, shape, color: 'red', background: 'white' });
      const shapes = objects.map((object) => object.shape);
      return { style, arrangement, objects: placed(arrangement, shapes), colorOf: objects.map(() => 0) };
    }),
  ),
]);
const read = pictureReader(layouts);

/** The oracle's reading of a picture of several objects. */
export interface CompositionReading extends PictureReading {
  readonly scene: Composition;
}

/**
 * Reads a picture ([64, 64, 3] in [0, 1]) by the nearest render of several objects, as `readGallery` does by that of one.
 * Two equal objects are a group of two, in a row or in a column.
 */
export function readComposition(picture: Float32Array): CompositionReading {
  const { layout, colors, ...reading } = read(picture);
  return { ...reading, scene: sceneOf(layouts[layout]!, colors.objects, colors.background) };
}

function sceneOf(
  { arrangement, objects, colorOf }: ArrangedLayout,
  colors: readonly ObjectColor[],
  background: Background,
): Composition {
  const [first, second] = objects.map(({ shape }, i): PaintedShape => ({ shape, color: colors[colorOf[i]!]! }));
  if (objects.length > 2)
    return { kind: 'group', count: objects.length === 3 ? 'three' : 'four', ...first!, background };
  if (first!.shape === second!.shape && first!.color === second!.color)
    return { kind: 'group', count: 'two', ...first!, background };
  const relation = arrangement === 'row' ? 'left of' : 'above';
  return { kind: 'pair', first: first!, second: second!, relation, background };
}

/** What was asked of a composition, compared with what is read. */
export type CompositionJudgement = CompositionReading & Judgement<Record<CompositionAttribute, unknown>>;

/** Judges a picture by what is asked of its composition, all or some; its style is in the reading. */
export function judgeComposition(picture: Float32Array, asked: Said): CompositionJudgement {
  const reading = readComposition(picture);
  const valid = reading.validity >= leastValidity;
  const compared = Object.entries(compare(reading.scene, asked)).map(
    ([name, right]) => [name, valid && right] as const,
  );
  const right = compared.filter(([, is]) => is).length;
  return {
    ...reading,
    correct: Object.fromEntries(compared),
    strict: valid && right === compared.length ? 1 : 0,
    soft: compared.length === 0 ? Number(valid) : right / compared.length,
  };
}
