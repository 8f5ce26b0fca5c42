import { InputError } from '../../common/errors.ts';
import { fileShape, toEngine, type Layout, type Parameters } from './parameters.ts';
import { tf, type Tensor } from '../tensorflow.ts';
import type { Weights } from './weight.ts';

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
