import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../common/errors.ts';
import { readWeights, type Weights } from '../engine/weights.ts';

const SAFETENSORS = ['diffusion_pytorch_model', 'model'];
const TORCH = ['diffusion_pytorch_model', 'pytorch_model'];

/**
 * The names that a network's weights have in its folder, the one that is read first: safetensors before pickles, full
 * precision before float16, one file before several.
 */
export const WEIGHT_FILES: readonly string[] = [
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

/** Reads a network's weights from its folder. @throws InputError when there are none */
export async function readNetwork(folder: string): Promise<Weights> {
  const file = chooseWeightFile(await readdir(folder).catch(() => []));
  if (file === undefined)
    throw new InputError(
      `${folder} has no weights; expected one of ${SAFETENSORS.map((stem) => `${stem}.safetensors`).join(', ')}, their index (.safetensors.index.json), their .fp16 variants, or ${TORCH.map((stem) => `${stem}.bin`).join(', ')}.`,
    );
  return readWeights(join(folder, file));
}
