import { InputError } from '../common/errors.ts';
import { fileShape, toEngine, type Layout, type Parameters } from './parameters.ts';
import { readSafetensors, writeSafetensors, type TensorData } from './safetensors.ts';
import { isShardIndex, readShards } from './shards.ts';
import { tf, type Tensor } from './tensorflow.ts';
import { readTorchWeights } from './torch/file.ts';
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

/** Eager parameters over weights: each becomes a tensor, in the engine's layout, when it is first asked for. */
export class WeightParameters implements Parameters {
  readonly #weights: Weights;
  readonly #source: string;
  readonly #used = new Map<string, Tensor>();

  /** @param source what the weights are, for messages: a file or a folder */
  constructor(weights: Weights, source: string) {
    this.#weights = weights;
    this.#source = source;
  }

  /** The tensors that were asked for so far, by full name, in the engine's layout. They live until {@link dispose}. */
  get used(): ReadonlyMap<string, Tensor> {
    return this.#used;
  }

  at(path: string | number): Parameters {
    return {
      at: (name) => this.at(`${path}.${name}`),
      get: (name, shape, layout) => this.get(`${path}.${name}`, shape, layout),
    };
  }

  get(name: string, shape: readonly number[], layout: Layout = 'same'): Tensor {
    const known = this.#used.get(name);
    if (known) return known;
    const stored = this.#weights.get(name);
    const expected = fileShape(shape, layout);
    if (!stored)
      throw new InputError(`Tensor ${name} is missing from ${this.#source}; expected shape [${expected.join(', ')}].`);
    if (String(stored.shape) !== String(expected))
      throw new InputError(
        `Tensor ${name} in ${this.#source} has shape [${stored.shape.join(', ')}]; expected [${expected.join(', ')}].`,
      );
    const tensor = tf.keep(toEngine(stored.data, shape, layout));
    this.#used.set(name, tensor);
    return tensor;
  }

  dispose(): void {
    tf.dispose([...this.#used.values()]);
    this.#used.clear();
  }
}
