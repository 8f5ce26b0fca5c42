import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../common/errors.ts';
import { linear } from '../engine/layers.ts';
import type { Parameters } from '../engine/parameters.ts';
import { readSafetensors } from '../engine/safetensors.ts';
import type { Tensor } from '../engine/tensorflow.ts';
import { lazyWeight, type Weights } from '../engine/weights.ts';
import { imageEmbedding } from './clip-model.ts';
import { withoutPrompt, type RewardType } from './reward.ts';

/** A head on CLIP's unit image embedding, as its file's tensors describe it. */
export interface AestheticHead {
  /** The linear layers' names, first to last: '' for a single layer, 'layers.0' ... otherwise. */
  layers: string[];
  /** Width after each layer; the last is 1. */
  widths: number[];
  /** Whether a ReLU stands between the layers. */
  relu: boolean;
  /** Whether the score is squeezed into 1 .. 10. */
  bounded: boolean;
}

/** The published layouts, by the numbers of their linear layers (dropouts and ReLUs are numbered too). */
const layouts = [
  { numbers: [], relu: false }, // LAION v1: one linear layer
  { numbers: [0, 2, 4, 6, 7], relu: false }, // LAION v2: no activations
  { numbers: [0, 3, 6, 9, 11], relu: true },
];

/** The head's score of unit embeddings. embedding [B, D] -> [B] */
export function aestheticHead(p: Parameters, head: AestheticHead, embedding: Tensor): Tensor {
  let x = embedding;
  head.layers.forEach((name, i) => {
    if (i > 0 && head.relu) x = x.relu();
    x = linear(name === '' ? p : p.at(name), x, head.widths[i]!);
  });
  const score = x.reshape([-1]);
  return head.bounded ? score.sigmoid().mul(9).add(1) : score;
}

/**
 * Aesthetic predictor: a head of linear layers on CLIP's unit image embedding, LAION's v1 and v2 among them. `head` is
 * a safetensors file (or a folder with model.safetensors); metadata `bounded: true` squeezes the score into 1 .. 10,
 * so that no picture can leave the scale.
 */
export const aesthetic: RewardType = {
  async load(spec, models) {
    if (!spec.head)
      throw new InputError(`Reward "${spec.name}" (aesthetic) needs "head": the head's safetensors file.`);
    const clip = await models.get(spec);
    const { head, weights } = await readAestheticHead(spec.head, clip.config.projection_dim);
    const scope = `${spec.name}.head`;
    return {
      ...withoutPrompt,
      weights: new Map([
        ...clip.weights('vision'),
        ...[...weights].map(([name, t]) => [`${scope}.${name}`, t] as const),
      ]),
      scoreWithFeatures: (p, image, _features, shared) =>
        aestheticHead(p.at(scope), head, imageEmbedding(p, clip, image, 'crop', shared)),
      embedding: {
        width: clip.config.projection_dim,
        of: (p, image, _features, shared) => imageEmbedding(p, clip, image, 'crop', shared),
      },
    };
  },
};

/** Reads a head and checks its shapes. @param embeddingWidth D of the embeddings it is used on */
export async function readAestheticHead(
  path: string,
  embeddingWidth: number,
): Promise<{ head: AestheticHead; weights: Weights }> {
  const isFolder = await stat(path).then((s) => s.isDirectory(), () => false); // prettier-ignore
  const file = await readSafetensors(isFolder ? join(path, 'model.safetensors') : path);
  const numbers = file.names.flatMap((name) => /^layers\.(\d+)\.weight$/.exec(name)?.[1] ?? []).map(Number).sort((a, b) => a - b); // prettier-ignore
  const layout = layouts.find((known) => String(known.numbers) === String(numbers));
  if (!layout)
    throw new InputError(
      `${file.path} is no aesthetic head that is known: its layers are ${numbers.join(', ')}; expected 0, 2, 4, 6, 7 or 0, 3, 6, 9, 11 or a single weight and bias.`,
    );
  const layers = numbers.length === 0 ? [''] : numbers.map((n) => `layers.${n}`);
  const weights: Weights = new Map();
  const widths: number[] = [];
  for (const [i, layer] of layers.entries()) {
    const prefix = layer === '' ? '' : `${layer}.`;
    const { shape } = file.info(`${prefix}weight`);
    const inputs = i === 0 ? embeddingWidth : widths[i - 1]!;
    const outputs = i === layers.length - 1 ? 1 : shape[0]!;
    if (String(shape) !== String([outputs, inputs]))
      throw new InputError(
        `Tensor ${prefix}weight in ${file.path} has shape [${shape.join(', ')}]; expected [${outputs}, ${inputs}].`,
      );
    widths.push(outputs);
    for (const name of [`${prefix}weight`, `${prefix}bias`])
      weights.set(
        name,
        lazyWeight(file.info(name).shape, () => file.float32(name)),
      );
  }
  return { head: { layers, widths, relu: layout.relu, bounded: file.metadata['bounded'] === 'true' }, weights };
}
