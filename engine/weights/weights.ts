import { readSafetensors, writeSafetensors, type TensorData } from './safetensors.ts';
import { isShardIndex, readShards } from './weight-shards.ts';
import { readTorchWeights } from './torch/torch-file.ts';
import { isWeight, lazyWeight, type Weights } from './weight.ts';

export { lazyWeight, type Weight, type Weights } from './weight.ts';

/**
 * The tensors of a weight file: safetensors, what torch.save() wrote, or several of either by their index
 * (`model.safetensors.index.json`). They stay in the file until they are asked for. Position ids, integers that some
 * versions of transformers wrote, are left out; another tensor that is not of numbers with a fraction is an error when
 * its values are asked for.
 * @throws InputError that names the file and, where there is one, the tensor or the byte
 */
export async function readWeights(path: string): Promise<Weights> {
  if (isShardIndex(path)) return readShards(path, readWeights);
  if (/\.(bin|pt|pth|ckpt)$/.test(path)) return readTorchWeights(path);
  const file = await readSafetensors(path);
  return new Map(
    file.names.filter(isWeight).map((name) => [name, lazyWeight(file.info(name).shape, () => file.float32(name))]),
  );
}

/** Writes weights as a safetensors file, a tensor at a time, with the metadata that transformers and diffusers expect. */
export async function writeWeights(path: string, weights: Weights, dtype: 'F32' | 'F16' = 'F32'): Promise<void> {
  const tensors = [...weights].map(([name, weight]) => [
    name,
    {
      dtype,
      shape: weight.shape,
      get data() {
        return weight.data;
      },
    },
  ]);
  await writeSafetensors(path, Object.fromEntries(tensors) as Record<string, TensorData>, { format: 'pt' });
}
