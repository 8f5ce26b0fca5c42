import { join } from 'node:path';
import { InputError } from '../common/errors.ts';
import { isFolder } from '../common/files.ts';
import { cut } from '../common/text/short.ts';
import { requireTensor } from '../engine/weights/required-tensor.ts';
import { readSafetensors } from '../engine/weights/safetensors.ts';
import { readWeights, type Weight, type Weights } from '../engine/weights/weights.ts';

/** A head on CLIP's unit image embedding, as the tensors of its file describe it. */
export interface AestheticHead {
  /** Names of the linear layers, first to last: '' for a single layer, otherwise 'layers.0' ... */
  layers: string[];
  /** Width after each layer; the last is 1. */
  widths: number[];
  /** Whether there is a ReLU between the layers. */
  relu: boolean;
  /** Whether the score is confined to 1 .. 10. */
  bounded: boolean;
}

/** Published layouts, by the numbers of their linear layers (dropouts and ReLUs are numbered too). */
const layouts = [
  { numbers: [], relu: false }, // LAION v1: one linear layer
  { numbers: [0, 2, 4, 6, 7], relu: false }, // LAION v2: no activations
  { numbers: [0, 3, 6, 9, 11], relu: true },
];

/** Reads a head and checks its shapes. @param embeddingWidth D, the width of the embeddings */
export async function readAestheticHead(
  path: string,
  embeddingWidth: number,
): Promise<{ head: AestheticHead; weights: Weights }> {
  const file = (await isFolder(path)) ? join(path, 'model.safetensors') : path;
  const all = await readWeights(file);
  const bounded = file.endsWith('.safetensors') && (await readSafetensors(file)).metadata['bounded'] === 'true';
  const numbers = [...all.keys()]
    .flatMap((name) => /^layers\.(\d+)\.weight$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  const layout = layouts.find((known) => String(known.numbers) === String(numbers));
  if (!layout)
    throw new InputError(
      `${file} is not a known aesthetic head: its layers are ${cut(numbers.join(', '), 80)}; expected 0, 2, 4, 6, 7 or 0, 3, 6, 9, 11 or a single weight and bias.`,
    );
  const layers = numbers.length === 0 ? [''] : numbers.map((n) => `layers.${n}`);
  const weights: Weights = new Map();
  const widths: number[] = [];
  for (const [i, layer] of layers.entries()) {
    const take = (part: 'weight' | 'bias', shapeOf: (found: Weight | undefined) => number[]): Weight => {
      const name = layer === '' ? part : `${layer}.${part}`;
      const found = requireTensor(all, name, shapeOf(all.get(name)), file, 'as in an aesthetic head');
      weights.set(name, found);
      return found;
    };
    const inputs = i === 0 ? embeddingWidth : widths[i - 1]!;
    const { shape } = take('weight', (found) => [i === layers.length - 1 ? 1 : (found?.shape[0] ?? 1), inputs]);
    take('bias', () => [shape[0]!]);
    widths.push(shape[0]!);
  }
  return { head: { layers, widths, relu: layout.relu, bounded }, weights };
}
