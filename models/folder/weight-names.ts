/** What weight files are called. It loads no engine: the command line asks before it downloads. */

/** Before `.safetensors`. */
export const SAFETENSORS = ['diffusion_pytorch_model', 'model'];
/** Before `.bin`. */
export const TORCH = ['diffusion_pytorch_model', 'pytorch_model'];

/**
 * The names that a network's weights have in its folder, the one that is read first: safetensors before pickles, full
 * precision before float16, one file before several.
 */
const WEIGHT_FILES: readonly string[] = [
  ...['', '.fp16'].flatMap((variant) =>
    SAFETENSORS.flatMap((stem) => [
      `${stem}${variant}.safetensors`,
      `${stem}${variant}.safetensors.index.json`,
      // The spellings that diffusers and transformers have had for the index of a variant.
      ...(variant === ''
        ? []
        : [`${stem}.safetensors.index${variant}.json`, `${stem}.safetensors${variant}.index.json`]),
    ]),
  ),
  ...['', '.fp16'].flatMap((variant) =>
    TORCH.flatMap((stem) => [`${stem}${variant}.bin`, `${stem}${variant}.bin.index.json`]),
  ),
];

/** The first of {@link WEIGHT_FILES} that is among `names`. */
export const chooseWeightFile = (names: readonly string[]): string | undefined =>
  WEIGHT_FILES.find((file) => names.includes(file));

/** The weight files that are written into a network's folder, under the names of transformers and diffusers. */
export const TEXT_ENCODER_FILE = 'model.safetensors';
export const UNET_FILE = 'diffusion_pytorch_model.safetensors';
