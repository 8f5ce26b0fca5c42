import { tf } from '../../engine/tensorflow.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import { LORA_A, LORA_B, type LoraSettings } from './lora.ts';

/**
 * Returns a network's parameters with its adapters added.
 * @param adapters scope of the matrices, under the layers' names
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
