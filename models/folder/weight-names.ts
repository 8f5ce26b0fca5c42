/** Names of weight files. Loads no engine, since the command line needs them before a download. */

/** Names before `.safetensors`. */
export const SAFETENSORS = ['diffusion_pytorch_model', 'model'];
/** Names before `.bin`. */
export const TORCH = ['diffusion_pytorch_model', 'pytorch_model'];

/**
 * The names of a network's weights in its folder, in order of preference: safetensors before pickles, full precision
 * before float16, one file before several.
 */
const WEIGHT_FILES: readonly string[] = [
  ...['', '.fp16'].flatMap((variant) =>
    SAFETENSORS.flatMap((stem) => [
      `${stem}${variant}.safetensors`,
      `${stem}${variant}.safetensors.index.json`,
      // All spellings of a variant's index in diffusers and transformers.
      ...(variant === ''
        ? []
        : [`${stem}.safetensors.index${variant}.json`, `${stem}.safetensors${variant}.index.json`]),
    ]),
  ),
  ...['', '.fp16'].flatMap((variant) =>
    TORCH.flatMap((stem) => [`${stem}${variant}.bin`, `${stem}${variant}.bin.index.json`]),
  ),
];

/** Returns the first of {@link WEIGHT_FILES} that is among `names`. */
export const chooseWeightFile = (names: readonly string[]): string | undefined =>
  WEIGHT_FILES.find((file) => names.includes(file));

/** Names of the weight files written into a network's folder, as in transformers and diffusers. */
export const TEXT_ENCODER_FILE = 'model.safetensors';
export const UNET_FILE = 'diffusion_pytorch_model.safetensors';
