import type { Color } from '../common/degradation.ts';
import type { Background, ObjectColor } from './gallery-scene.ts';

/** Colors far apart in RGB, so that they survive a lossy autoencoder. */
export const objectColors: Record<ObjectColor, Color> = {
  red: [0.92, 0.15, 0.16],
  green: [0.12, 0.68, 0.26],
  blue: [0.14, 0.33, 0.95],
  yellow: [0.99, 0.84, 0.1],
  pink: [1, 0.42, 0.72],
  cyan: [0.1, 0.82, 0.93],
};

/** Colorful grounds, on which a loss of color is seen. */
export const backgroundColors: Record<Background, Color> = {
  white: [0.97, 0.97, 0.96],
  navy: [0.12, 0.17, 0.45],
  sand: [0.91, 0.72, 0.48],
  mint: [0.64, 0.93, 0.77],
  violet: [0.53, 0.33, 0.76],
};
