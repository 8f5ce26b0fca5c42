import type { RandomStream } from '../../../common/random.ts';
import { blur } from '../common/blur.ts';
import { noJitter, shifted, type Jitter } from '../common/jitter.ts';
import { clean, degradeColor, type Color, type Degradation } from '../common/degradation.ts';
import { signedDistance } from '../common/signed-distance.ts';
import type { Scene } from './scene.ts';

/** Side of a picture, in pixels. */
export const pictureSize = 32;
/** Numbers in a picture: 32 x 32 x 3. */
export const pictureLength = pictureSize * pictureSize * 3;

/** Colors far apart in RGB, so that they survive a lossy autoencoder. */
export const objectColors: Record<Scene['color'], Color> = {
  red: [0.9, 0.1, 0.1],
  green: [0.08, 0.68, 0.15],
  blue: [0.1, 0.22, 0.95],
  yellow: [0.98, 0.88, 0.08],
  pink: [0.96, 0.25, 0.85],
  cyan: [0.08, 0.85, 0.95],
};

export const backgroundColors: Record<Scene['background'], Color> = {
  white: [0.96, 0.96, 0.96],
  gray: [0.5, 0.5, 0.5],
  black: [0.04, 0.04, 0.04],
  brown: [0.48, 0.26, 0.08],
  mint: [0.6, 0.93, 0.74],
};

/** Radius as a share of the side. Smaller than .18 does not survive the autoencoder. */
export const radii: Record<Scene['size'], number> = { small: 0.18, large: 0.27 };

/** Center (x, y) as shares of the side, y downwards. */
export const centers: Record<Scene['position'], readonly [x: number, y: number]> = {
  center: [0.5, 0.5],
  'top left': [0.28, 0.28],
  'top right': [0.72, 0.28],
  'bottom left': [0.28, 0.72],
  'bottom right': [0.72, 0.72],
};

export interface RenderOptions {
  readonly jitter?: Jitter;
  readonly degradation?: Degradation;
  /** Draws the pixel noise; needed when the degradation has noise. */
  readonly stream?: RandomStream;
}

/** Renders a scene: Float32Array [32, 32, 3], HWC, in [0, 1]. */
export function render(scene: Scene, options: RenderOptions = {}): Float32Array {
  const { jitter = noJitter, degradation = clean, stream } = options;
  const mask = blur(coverage(scene, jitter), degradation.blur, pictureSize);
  const foreground = degradeColor(shifted(objectColors[scene.color], jitter.foreground), degradation);
  const background = degradeColor(shifted(backgroundColors[scene.background], jitter.background), degradation);
  const noise = degradation.noise > 0 ? stream?.normal(pictureLength) : undefined;
  const picture = new Float32Array(pictureLength);
  for (let i = 0; i < picture.length; i++) {
    const channel = i % 3;
    const share = mask[(i - channel) / 3]!;
    const value = background[channel]! + share * (foreground[channel]! - background[channel]!);
    picture[i] = Math.min(1, Math.max(0, value + (noise ? degradation.noise * noise[i]! : 0)));
  }
  return picture;
}

/** Returns the share of each pixel covered by the object, [32, 32], antialiased over one pixel around its edge. */
export function coverage(scene: Pick<Scene, 'shape' | 'size' | 'position'>, jitter: Jitter = noJitter): Float32Array {
  const radius = radii[scene.size] * jitter.scale;
  const [centerX, centerY] = centers[scene.position];
  const cos = Math.cos(jitter.rotation);
  const sin = Math.sin(jitter.rotation);
  const mask = new Float32Array(pictureSize * pictureSize);
  for (let row = 0; row < pictureSize; row++) {
    for (let column = 0; column < pictureSize; column++) {
      const x = ((column + 0.5) / pictureSize - centerX - jitter.dx) / radius;
      const y = ((row + 0.5) / pictureSize - centerY - jitter.dy) / radius;
      const distance = signedDistance[scene.shape](cos * x + sin * y, cos * y - sin * x) * radius * pictureSize;
      mask[row * pictureSize + column] = Math.min(1, Math.max(0, 0.5 - distance));
    }
  }
  return mask;
}
