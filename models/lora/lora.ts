import { InputError } from '../../common/errors.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import { tf } from '../../engine/tensorflow.ts';
import { lazyWeight, type Weights } from '../../engine/weights/weights.ts';

/** Low-rank adapters (Hu et al., arXiv 2106.09685): W + (alpha / rank) A B in place of the weight W of a linear layer. */
export interface LoraSettings {
  rank: number;
  alpha: number;
  /** Ends of the names of the layers that have an adapter. */
  targets: readonly string[];
}

/** Names of a layer's matrices under the layer's own name, PEFT's: A [rank, in] and B [out, rank] in a file. */
export const LORA_A = 'lora_A.weight';
export const LORA_B = 'lora_B.weight';

/**
 * A network's parameters with the adapters added to those that have one.
 * @param adapters the scope that holds the matrices, under the layers' names
 */
export function withLora(base: Parameters, adapters: Parameters, settings: LoraSettings, path = ''): Parameters {
  const { rank, alpha, targets } = settings;
  const adapted = targets.some((target) => path === target || path.endsWith(`.${target}`));
  return {
    at: (name) => withLora(base.at(name), adapters.at(name), settings, path === '' ? String(name) : `${path}.${name}`),
    get(name, shape, layout) {
      const weight = base.get(name, shape, layout);
      if (!adapted || name !== 'weight' || shape.length !== 2) return weight;
      const isTurned = layout === 'linear';
      const [outputs, inputs] = (isTurned ? shape.toReversed() : shape) as [number, number];
      const a = adapters.get(LORA_A, [inputs, rank], 'linear') as never;
      const b = adapters.get(LORA_B, [rank, outputs], 'linear') as never;
      return weight.add((isTurned ? tf.matMul(a, b) : tf.matMul(b, a, true, true)).mul(alpha / rank));
    },
  };
}

/** An adapter of one layer in the file's layout: `up` [out, rank] times `down` [rank, in], or [rank, in, kh, kw]. */
export interface Adapter {
  down: { shape: number[]; data: Float32Array };
  up: { shape: number[]; data: Float32Array };
  /** alpha / rank */
  scale: number;
}

/** The adapters that a program trained, by layer. @param trained names as {@link LORA_A} and {@link LORA_B} have them */
export function adaptersOf(trained: Weights, { rank, alpha }: LoraSettings): Map<string, Adapter> {
  const layers = [...trained.keys()]
    .filter((name) => name.endsWith(`.${LORA_A}`))
    .map((name) => name.slice(0, -LORA_A.length - 1));
  return new Map(
    layers.map((layer) => [
      layer,
      { down: trained.get(`${layer}.${LORA_A}`)!, up: trained.get(`${layer}.${LORA_B}`)!, scale: alpha / rank },
    ]),
  );
}

/**
 * The weights with the adapters added; a sum is made when its values are asked for.
 * @param source where the adapters are from, for messages
 * @throws InputError that names a layer that the network does not have, or whose shape another one is
 */
export function mergeLora(weights: Weights, adapters: ReadonlyMap<string, Adapter>, source: string): Weights {
  const merged = new Map(weights);
  const layers = new Map([...weights.keys()].map((name) => [layerKey(name.replace(/\.weight$/, '')), name]));
  for (const [layer, adapter] of adapters) {
    const name = layers.get(layerKey(layer));
    if (name === undefined)
      throw new InputError(`${source} adapts the layer ${layer}, which the network does not have.`);
    const weight = merged.get(name)!;
    const { down, up } = adapter;
    const [rank, ...rest] = down.shape;
    const isPoint = up.data.length === up.shape[0]! * up.shape[1]!; // a convolution's second one is of single pixels
    if (String([up.shape[0], ...rest]) !== String(weight.shape) || up.shape[1] !== rank || !isPoint)
      throw new InputError(
        `${source}: the adapter of ${layer} has shapes [${down.shape.join(', ')}] and [${up.shape.join(', ')}]; its layer has [${weight.shape.join(', ')}].`,
      );
    merged.set(
      name,
      lazyWeight(weight.shape, () => added(weight.data, adapter)),
    );
  }
  return merged;
}

/**
 * A layer's name in the one form that all writers of adapters can be brought to: some put underscores for dots, and the
 * text encoder's leading text_model. comes and goes.
 */
export const layerKey = (layer: string): string => layer.replaceAll('.', '_').replace(/^text_model_/, '');

function added(weight: Float32Array, { down, up, scale }: Adapter): Float32Array {
  const sum = Float32Array.from(weight);
  const [outputs, rank] = [up.shape[0]!, down.shape[0]!];
  const inputs = down.data.length / rank;
  const [a, b] = [down.data, up.data];
  for (let o = 0; o < outputs; o++)
    for (let r = 0; r < rank; r++) {
      const factor = scale * b[o * rank + r]!;
      if (factor === 0) continue;
      for (let i = 0; i < inputs; i++) sum[o * inputs + i]! += factor * a[r * inputs + i]!;
    }
  return sum;
}
