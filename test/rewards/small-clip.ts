import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { product } from '../../common/product.ts';
import { RandomStream } from '../../common/random.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import { Program } from '../../engine/program/program.ts';
import { writeSafetensors } from '../../engine/weights/safetensors.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { writeWeights, type Weights } from '../../engine/weights/weights.ts';
import { imageFeatures, logitScale, textFeatures } from '../../models/clip/clip.ts';
import { clipSchema } from '../../models/clip/clip-config.ts';

const shared = { hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 2 };
const config = {
  model_type: 'clip',
  architectures: ['CLIPModel'],
  projection_dim: 12,
  text_config: {
    ...shared,
    vocab_size: 682,
    max_position_embeddings: 20,
    eos_token_id: 681,
    bos_token_id: 680,
    pad_token_id: 681,
  },
  vision_config: { ...shared, hidden_size: 20, image_size: 8, patch_size: 4 },
};
const tokenizer = join(import.meta.dirname, '../models/tokenizer');

/** Normal numbers of about the size that trained weights have; the same in every process. */
export function randomWeights(shapes: Map<string, number[]>): Weights {
  return new Map(
    [...shapes].map(([name, shape]) => {
      const draws = new RandomStream(7, name).normal(Math.max(1, product(shape)));
      return [
        name,
        {
          shape,
          data: draws.map((x) => (/norm.*weight/.test(name) ? 1 + 0.2 * x : name === 'logit_scale' ? 2 : 0.3 * x)),
        },
      ];
    }),
  );
}

/** Records the names and file shapes of the parameters that `use` reads. */
export function shapesOf(use: (p: Parameters) => Tensor): Map<string, number[]> {
  const program = new Program();
  program.entry('use', {}, (_, scope) => ({ y: use(scope.parameters('p')) }));
  return program.parameters('p');
}

/** Writes a transformers CLIPModel folder with random weights and a tokenizer of 682 tokens. */
export async function writeSmallClip(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  cpSync(tokenizer, folder, { recursive: true });
  writeFileSync(join(folder, 'tokenizer_config.json'), '{"model_max_length": 20}');
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  const parsed = clipSchema.parse(config);
  const shapes = shapesOf((p) => {
    const image = imageFeatures(p, parsed, tf.zeros([1, 8, 8, 3]));
    return image.add(textFeatures(p, parsed, tf.zeros([1, 20], 'int32'))).add(logitScale(p));
  });
  await writeWeights(join(folder, 'model.safetensors'), randomWeights(shapes));
}

/** Writes an aesthetic head for it. @param layers width after each layer, by its name; '' is a single layer */
export async function writeHead(
  path: string,
  layers: Record<string, number>,
  metadata?: Record<string, string>,
): Promise<void> {
  let inputs = config.projection_dim;
  const shapes = new Map<string, number[]>();
  for (const [name, outputs] of Object.entries(layers)) {
    const prefix = name === '' ? '' : `${name}.`;
    shapes.set(`${prefix}weight`, [outputs, inputs]).set(`${prefix}bias`, [outputs]);
    inputs = outputs;
  }
  const tensors = [...randomWeights(shapes)].map(([name, t]) => [name, { dtype: 'F32' as const, ...t }]);
  await writeSafetensors(path, Object.fromEntries(tensors) as never, metadata);
}

/** The pictures given to torch as well. [2, h, w, 3] */
export function pictures(h: number, w: number): Float32Array {
  const values: number[] = [];
  for (let b = 0; b < 2; b++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++)
        for (let c = 0; c < 3; c++) values.push(((x * 7 + y * 13 + c * 29 + b * 31 + ((x * y) % 5) * 11) % 97) / 96);
  return Float32Array.from(values);
}

export const prompts = ['a photo of a small red circle', 'two blue dogs'];
