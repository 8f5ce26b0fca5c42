import type { RandomStream } from '../../../common/random.ts';
import { blur } from '../common/blur.ts';
import { clean, degradeColor, type Degradation } from '../common/degradation.ts';
import { noJitter, shifted, type Jitter } from '../common/jitter.ts';
import type { GalleryScene, StyleName } from './gallery-scene.ts';
import { backgroundColors, objectColors } from './palette.ts';
import { PlacedObject, pictureLength, pictureSize, type Geometry } from './placed-object.ts';
import { black, type Style } from './styles/style.ts';
import { styles } from './styles/styles.ts';

/** Points of a pixel, each way, whose mean it is. */
const supersampling = 2;

/** Returns the masks of a style for an object at its place, each [64, 64]. */
export function masksOf(style: Style, geometry: Geometry, jitter: Jitter = noJitter): Float32Array[] {
  const object = new PlacedObject(geometry, jitter);
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

/** Returns the share of each pixel that the object covers, [64, 64]: the second mask of the flat style. */
export const coverage = (geometry: Geometry): Float32Array => masksOf(styles.flat, geometry)[1]!;

export interface RenderOptions {
  readonly jitter?: Jitter;
  readonly degradation?: Degradation;
  /** Draws the pixel noise; needed when the degradation has noise. */
  readonly stream?: RandomStream;
}

/** Renders a scene in a style: Float32Array [64, 64, 3], HWC, in [0, 1]. */
export function render(scene: GalleryScene, style: StyleName, options: RenderOptions = {}): Float32Array {
  const { jitter = noJitter, degradation = clean, stream } = options;
  const masks = masksOf(styles[style], scene, jitter).map((mask) => blur(mask, degradation.blur, pictureSize));
  const foreground = shifted(objectColors[scene.color], jitter.foreground);
  const background = shifted(backgroundColors[scene.background], jitter.background);
  const rest = degradeColor(black, degradation);
  const paints = [styles[style].ground(background), ...styles[style].paints(foreground)].map((paint) =>
    degradeColor(paint, degradation),
  );
  const noise = degradation.noise > 0 ? stream?.normal(pictureLength) : undefined;
  const picture = new Float32Array(pictureLength);
  for (let i = 0; i < picture.length; i++) {
    const channel = i % 3;
    const pixel = (i - channel) / 3;
    let value = rest[channel]!;
    for (let k = 0; k < masks.length; k++) value += masks[k]![pixel]! * (paints[k]![channel]! - rest[channel]!);
    picture[i] = Math.min(1, Math.max(0, value + (noise ? degradation.noise * noise[i]! : 0)));
  }
  return picture;
}
