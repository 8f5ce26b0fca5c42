import { RandomStream } from '../../../common/random.ts';
import type { WorldData } from './world-data.ts';

/** Pictures with ground truth, the rewards' training data. */
export interface PictureBank<S> {
  /** [count, side, side, 3] in [0, 1]. */
  images: Float32Array;
  /** Scene of each picture; undefined for a mix of two pictures. */
  scenes: (S | undefined)[];
  /** Quality of each picture, in [0, 1]. */
  qualities: Float32Array;
}

/**
 * Renders `count` pictures of training combinations in all quality tiers. One in eight is a mix of two pictures: it shows
 * no scene, and its quality is a third of the lower one.
 * @param seed determines the pictures
 */
export function pictureBank<S>(data: WorldData<S>, count: number, seed: number): PictureBank<S> {
  const pictures = Array.from({ length: count }, (_, i) => {
    const random = new RandomStream(seed, 'picture bank', i);
    const first = data.picture(random);
    const second = i % 8 === 7 ? data.picture(random) : undefined;
    const share = 0.3 + 0.4 * random.uniform();
    return second
      ? {
          image: first.image.map((v, k) => share * v + (1 - share) * second.image[k]!),
          scene: undefined,
          quality: Math.min(first.quality, second.quality) / 3,
        }
      : first;
  });
  return {
    images: joined(pictures.map(({ image }) => image)),
    scenes: pictures.map(({ scene }) => scene),
    qualities: Float32Array.from(pictures, ({ quality }) => quality),
  };
}

/** Joins arrays of equal length. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const length = parts[0]?.length ?? 0;
  const all = new Float32Array(parts.length * length);
  parts.forEach((part, i) => all.set(part, i * length));
  return all;
}

/** Returns the picture at `index`. */
export function pictureAt({ images, scenes }: PictureBank<unknown>, index: number): Float32Array {
  const length = images.length / scenes.length;
  return images.subarray(index * length, (index + 1) * length);
}
