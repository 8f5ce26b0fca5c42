import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../common/errors.ts';
import { only, parseConfig, readJson, size, withoutEffect } from '../folder/network-config.ts';
import { channelDeviation, channelMean } from './clip-config.ts';

/** Pillow's number for bicubic interpolation. */
const BICUBIC = 3;
const square = z.object({ height: size, width: size });
const where = withoutEffect('sets the format of input and output pictures');

/** transformers' preprocessor_config.json of a CLIP model. Its defaults are the rewards' own preprocessing. */
export const imageProcessorSchema = z.looseObject({
  image_processor_type: z.string().regex(/^CLIP/, "expected CLIP's image processor").optional(),
  feature_extractor_type: z.string().regex(/^CLIP/, "expected CLIP's image processor").optional(),
  image_mean: channelMean,
  image_std: channelDeviation,
  size: z.union([size, z.strictObject({ shortest_edge: size })], 'expected a shortest_edge').optional(),
  crop_size: z.union([size, square], 'expected a size or its height and width').optional(),
  do_resize: only(true),
  do_center_crop: only(true),
  do_rescale: only(true),
  do_normalize: only(true),
  resample: only(BICUBIC),
  rescale_factor: only(1 / 255),
  default_to_square: only(false),
  do_pad: only<boolean | null>(null, false),
  pad_size: only(null),

  do_convert_rgb: withoutEffect('pictures are RGB already'),
  image_seq_length: withoutEffect('used only by models that mix words and pictures'),
  data_format: where,
  device: where,
  disable_grouping: where,
  input_data_format: where,
  return_tensors: where,
});

/**
 * Reads each channel's statistics from a CLIP folder's preprocessor_config.json.
 * @param pixels the vision tower's image_size, to which pictures must be resized
 * @throws InputError that names a key whose preprocessing is not supported
 */
export async function readImageProcessor(folder: string, pixels: number): Promise<{ mean: number[]; std: number[] }> {
  const path = join(folder, 'preprocessor_config.json');
  const { image_mean, image_std, ...given } = parseConfig(imageProcessorSchema, await readJson(path), path);
  for (const key of ['size', 'crop_size'] as const)
    for (const side of Object.values(typeof given[key] === 'number' ? [given[key]] : (given[key] ?? {})))
      if (side !== pixels)
        throw new InputError(
          `${path}: ${key} is ${JSON.stringify(given[key])}; expected ${pixels}, the image_size of config.json's vision_config.`,
        );
  return { mean: image_mean, std: image_std };
}
