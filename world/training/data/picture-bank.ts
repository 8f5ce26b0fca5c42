import { RandomStream } from '../../../common/random.ts';
import type { PictureSet } from './picture-set.ts';
import type { WorldData } from './world-data.ts';

/** What is known of a picture. */
interface PictureTruth<S> {
  /** What it shows; missing for a mix of two pictures. */
  readonly scene?: S;
  /** In [0, 1]. */
  readonly quality: number;
}

/** Pictures with ground truth, the rewards' training data. */
export type PictureBank<S> = PictureSet<PictureTruth<S>>;

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
    const truth: PictureTruth<S> = second
      ? { quality: Math.min(first.quality, second.quality) / 3 }
      : { scene: first.scene, quality: first.quality };
    const image = second ? first.image.map((v, k) => share * v + (1 - share) * second.image[k]!) : first.image;
    return { image, truth };
  });
  return { images: joined(pictures.map(({ image }) => image)), records: pictures.map(({ truth }) => truth) };
}

/** Joins arrays, one behind the other. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Returns the picture at `index`. */
export function pictureAt({ images, records }: PictureSet<unknown>, index: number): Float32Array {
  const length = images.length / records.length;
  return images.subarray(index * length, (index + 1) * length);
}
