import type { RandomStream } from '../../../common/random.ts';
import { blur } from '../common/blur.ts';
import { clean, degradeColor, type Color, type Degradation } from '../common/degradation.ts';
import { noJitter, shifted, type Jitter } from '../common/jitter.ts';
import type { GalleryScene, StyleName } from './gallery-scene.ts';
import { backgroundColors, objectColors } from './palette.ts';
import {
  PlacedObject,
  pictureLength,
  pictureSize,
  placementOf,
  type Geometry,
  type Placement,
} from './placed-object.ts';
import { black, type Style } from './styles/style.ts';
import { styles } from './styles/styles.ts';

/** Points of a pixel, each way, whose mean it is. */
const supersampling = 2;

/** Returns the masks of a style for an object at its place, each [64, 64]. */
export function masksOf(style: Style, placement: Placement, jitter: Jitter = noJitter): Float32Array[] {
  const object = new PlacedObject(placement, jitter);
  const masks = Array.from({ length: style.masks }, () => new Float32Array(pictureSize * pictureSize));
  const values = new Float64Array(style.masks);
  const fine = pictureSize * supersampling;
  for (let row = 0; row < fine; row++) {
    for (let column = 0; column < fine; column++) {
      style.shade(object, (column + 0.5) / fine, (row + 0.5) / fine, values);
      const pixel = Math.floor(row / supersampling) * pictureSize + Math.floor(column / supersampling);
      for (let k = 0; k < masks.length; k++) masks[k]![pixel]! += values[k]! / supersampling ** 2;
    }
  }
  return masks;
}

const bareGrounds = new Map<Style, Float32Array>();

/** Returns the ground's mask of a style where there is no object, [64, 64]. */
export function bareGround(style: Style): Float32Array {
  const found = bareGrounds.get(style) ?? masksOf(style, { shape: 'circle', radius: 0.1, x: 9, y: 9 })[0]!;
  bareGrounds.set(style, found);
  return found;
}

/**
 * Joins the masks of objects on one ground: what each changes of the bare ground adds up, as the objects do not overlap.
 * @param parts each object's masks, the ground's first
 * @param colorOf index of each object's color; objects of one color share their masks
 * @returns the ground's mask, then those of each color
 */
export function joinedMasks(
  parts: readonly (readonly Float32Array[])[],
  bare: Float32Array,
  colorOf: readonly number[],
): Float32Array[] {
  if (parts.length === 1) return [...parts[0]!];
  const ground = bare.map((value, i) => parts.reduce((sum, [mask]) => sum + mask![i]! - value, value));
  const own = parts[0]!.length - 1;
  const colors = Array.from({ length: Math.max(...colorOf) + 1 }, (_, color) =>
    parts.filter((_, object) => colorOf[object] === color),
  );
  return [
    ground,
    ...colors.flatMap((objects) =>
      Array.from({ length: own }, (_, k) =>
        bare.map((_, i) => objects.reduce((sum, masks) => sum + masks[k + 1]![i]!, 0)),
      ),
    ),
  ];
}

/** Returns the share of each pixel that an object covers, [64, 64]: the second mask of the flat style. */
export const coveredBy = (placement: Placement): Float32Array => masksOf(styles.flat, placement)[1]!;

/** Returns the share of each pixel that the object of a scene covers, [64, 64]. */
export const coverage = (geometry: Geometry): Float32Array => coveredBy(placementOf(geometry));

export interface PaintOptions {
  readonly degradation?: Degradation;
  /** Draws the pixel noise; needed when the degradation has noise. */
  readonly stream?: RandomStream;
}

export interface RenderOptions extends PaintOptions {
  readonly jitter?: Jitter;
}

/** Renders a scene in a style: Float32Array [64, 64, 3], HWC, in [0, 1]. */
export function render(scene: GalleryScene, style: StyleName, options: RenderOptions = {}): Float32Array {
  const { jitter = noJitter } = options;
  const foreground = shifted(objectColors[scene.color], jitter.foreground);
  const background = shifted(backgroundColors[scene.background], jitter.background);
  const paints = [styles[style].ground(background), ...styles[style].paints(foreground)];
  return paint(masksOf(styles[style], placementOf(scene), jitter), paints, options);
}

/**
 * Paints each mask in its color, and degrades the picture: [64, 64, 3], HWC, in [0, 1].
 * @param masks [64, 64] each; what they leave of 1 is black
 */
export function paint(
  masks: readonly Float32Array[],
  colors: readonly Color[],
  { degradation = clean, stream }: PaintOptions = {},
): Float32Array {
  const blurred = masks.map((mask) => blur(mask, degradation.blur, pictureSize));
  const rest = degradeColor(black, degradation);
  const paints = colors.map((color) => degradeColor(color, degradation));
  const noise = degradation.noise > 0 ? stream?.normal(pictureLength) : undefined;
  const picture = new Float32Array(pictureLength);
  for (let i = 0; i < picture.length; i++) {
    const channel = i % 3;
    const pixel = (i - channel) / 3;
    let value = rest[channel]!;
    for (let k = 0; k < blurred.length; k++) value += blurred[k]![pixel]! * (paints[k]![channel]! - rest[channel]!);
    picture[i] = Math.min(1, Math.max(0, value + (noise ? degradation.noise * noise[i]! : 0)));
  }
  return picture;
}
