import { fileShape, toEngine, type Layout, type Parameters } from '../../engine/weights/parameters.ts';
import { requireTensor } from '../../engine/weights/required-tensor.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import type { Weights } from '../../engine/weights/weight.ts';

/** Eager parameters backed by weights: each becomes a tensor, in the engine's layout, on first access. */
export class WeightParameters implements Parameters {
  readonly #weights: Weights;
  readonly #source: string;
  readonly #used = new Map<string, Tensor>();

  /** @param source origin of the weights, for messages: a file or a folder */
  constructor(weights: Weights, source: string) {
    this.#weights = weights;
    this.#source = source;
  }

  /** The tensors accessed so far, by full name, in the engine's layout. They live until {@link dispose}. */
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
    const stored = requireTensor(this.#weights, name, fileShape(shape, layout), this.#source);
    const tensor = tf.keep(toEngine(stored.data, shape, layout));
    this.#used.set(name, tensor);
    return tensor;
  }

  dispose(): void {
    tf.dispose([...this.#used.values()]);
    this.#used.clear();
  }
}
