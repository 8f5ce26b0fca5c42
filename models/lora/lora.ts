import { InputError } from '../../common/errors.ts';
import { lazyWeight, type Weights } from '../../engine/weights/weights.ts';

/** Low-rank adapters (Hu et al., arXiv 2106.09685): replace a linear layer's weight W by W + (alpha / rank) A B. */
export interface LoraSettings {
  rank: number;
  alpha: number;
  /** Layers whose names end in one of these get an adapter. */
  targets: readonly string[];
}

/** PEFT's names of a layer's matrices, after the layer's own name. In a file, A is [rank, in] and B is [out, rank]. */
export const LORA_A = 'lora_A.weight';
export const LORA_B = 'lora_B.weight';

/** The adapter of one layer, in the file's layout: `up` [out, rank] times `down` [rank, in], or [rank, in, kh, kw]. */
export interface Adapter {
  down: { shape: number[]; data: Float32Array };
  up: { shape: number[]; data: Float32Array };
  /** alpha / rank */
  scale: number;
}

/** Collects trained adapters by layer. @param trained names end in {@link LORA_A} and {@link LORA_B} */
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
 * Adds adapters to weights; each sum is computed when its values are first read.
 * @param source origin of the adapters, for messages
 * @throws InputError that names a layer that the network lacks or has in another shape
 */
export function mergeLora(weights: Weights, adapters: ReadonlyMap<string, Adapter>, source: string): Weights {
  const merged = new Map(weights);
  const layers = new Map([...weights.keys()].map((name) => [layerKey(name.replace(/\.weight$/, '')), name]));
  for (const [layer, adapter] of adapters) {
    const name = layers.get(layerKey(layer));
    if (name === undefined) throw new InputError(`${source} adapts the layer ${layer}, which the network lacks.`);
    const weight = merged.get(name)!;
    const { down, up } = adapter;
    const [rank, ...rest] = down.shape;
    const isPoint = up.data.length === up.shape[0]! * up.shape[1]!; // a convolution's second matrix is 1 x 1
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
 * Returns the common form of a layer's name: some writers of adapters use underscores for dots or omit the text
 * encoder's prefix text_model.
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
