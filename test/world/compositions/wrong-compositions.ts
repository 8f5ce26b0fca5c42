import type { RandomStream } from '../../../common/random.ts';
import { arranged, placed, type Arrangement } from '../../../world/scenes/gallery/compositions/arrangement.ts';
import { randomJitters, renderComposition } from '../../../world/scenes/gallery/compositions/composition-renderer.ts';
import { compositions } from '../../../world/scenes/gallery/compositions/composition-set.ts';
import { bareGround, joinedMasks, masksOf, paint, render } from '../../../world/scenes/gallery/gallery-renderer.ts';
import { attributes, gallery, type StyleName } from '../../../world/scenes/gallery/gallery-scene.ts';
import { backgroundColors, objectColors } from '../../../world/scenes/gallery/palette.ts';
import type { Placement } from '../../../world/scenes/gallery/placed-object.ts';
import { styles } from '../../../world/scenes/gallery/styles/styles.ts';
import { randomJitter } from '../../../world/scenes/common/jitter.ts';

type Draw = (style: StyleName, stream: RandomStream) => Float32Array;

/** Draws objects of different colors at some places. */
function objectsAt(name: StyleName, places: readonly Placement[], stream: RandomStream): Float32Array {
  const style = styles[name];
  const parts = places.map((place) => masksOf(style, place, randomJitter(stream)));
  const order = stream.permutation(attributes.color.length);
  const colors = places.flatMap((_, i) => style.paints(objectColors[attributes.color[order[i]!]!]));
  const ground = style.ground(backgroundColors[stream.choice(attributes.background)]);
  return paint(joinedMasks(parts, bareGround(style), [...places.keys()]), [ground, ...colors]);
}

const shapesOf = (count: number, stream: RandomStream): Placement['shape'][] =>
  Array.from({ length: count }, () => stream.choice(attributes.shape));

const drawn = (arrangement: Arrangement, style: StyleName, stream: RandomStream): Float32Array => {
  const scene = stream.choice(compositions.all.filter((each) => arranged(each).arrangement === arrangement));
  return renderComposition(scene, style, { jitters: randomJitters(scene, stream) });
};

/** Draws pictures that show no composition. */
export const wrongCompositions: Record<string, Draw> = {
  'one object': (style, stream) => render(stream.choice(gallery.all), style, { jitter: randomJitter(stream) }),
  'one object of a pair': (style, stream) => {
    const places = placed(stream.choice(['row', 'column'] as const), shapesOf(2, stream));
    return objectsAt(style, [stream.choice(places)], stream);
  },
  'three objects of different colors': (style, stream) =>
    objectsAt(style, placed('triangle', shapesOf(3, stream)), stream),
  'three objects in a row': (style, stream) => {
    const shapes = shapesOf(3, stream);
    return objectsAt(
      style,
      [0.2, 0.5, 0.8].map((x, i) => ({ shape: shapes[i]!, radius: 0.12, x, y: 0.5 })),
      stream,
    );
  },
  'three of four objects': (style, stream) => objectsAt(style, placed('corners', shapesOf(4, stream)).slice(1), stream),
  'two compositions blended half and half': (style, stream) => {
    const [first, second] = [['row', 'triangle'] as const, ['column', 'corners'] as const];
    const [a, b] = [drawn(stream.choice(first), style, stream), drawn(stream.choice(second), style, stream)];
    return a.map((value, i) => (value + b[i]!) / 2);
  },
};
