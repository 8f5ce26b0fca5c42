import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../common/errors.ts';
import { readWeights, type Weights } from '../../engine/weights/weights.ts';
import { chooseWeightFile, SAFETENSORS, TORCH } from './weight-names.ts';

/** Reads a network's weights from its folder. @throws InputError if it has none */
export async function readNetwork(folder: string): Promise<Weights> {
  const file = chooseWeightFile(await readdir(folder).catch(() => []));
  if (file === undefined)
    throw new InputError(
      `${folder} has no weights; expected one of ${SAFETENSORS.map((stem) => `${stem}.safetensors`).join(', ')}, their index (.safetensors.index.json), their .fp16 variants, or ${TORCH.map((stem) => `${stem}.bin`).join(', ')}.`,
    );
  return readWeights(join(folder, file));
}
