import { readSafetensors, writeSafetensors } from '../../../engine/weights/safetensors.ts';

/** Pictures, and a record of each: what it shows, what its caption says. */
export interface PictureSet<R> {
  /** [count, side, side, 3] in [0, 1]. */
  readonly images: Float32Array;
  readonly records: readonly R[];
}

/**
 * Writes pictures in float16 and their records, plain JSON, as a safetensors file.
 * @param shape of a picture
 */
export async function writePictureSet<R>(
  path: string,
  { images, records }: PictureSet<R>,
  shape: readonly number[],
): Promise<void> {
  const tensors = { images: { dtype: 'F16', shape: [records.length, ...shape], data: images } } as const;
  await writeSafetensors(path, tensors, { records: JSON.stringify(records) });
}

/** Reads pictures that {@link writePictureSet} wrote. */
export async function readPictureSet<R>(path: string): Promise<PictureSet<R>> {
  const file = await readSafetensors(path);
  return { images: file.float32('images'), records: JSON.parse(file.metadata['records']!) as R[] };
}
