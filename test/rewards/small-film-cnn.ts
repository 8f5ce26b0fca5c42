import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tf } from '../../engine/tensorflow.ts';
import { writeWeights, type Weights } from '../../engine/weights/weights.ts';
import type { FilmCnnConfig } from '../../rewards/files/film-cnn-files.ts';
import { filmCnn } from '../../rewards/film-cnn.ts';
import { randomWeights, shapesOf } from './small-clip.ts';

export const filmCnnConfig: FilmCnnConfig = {
  image_size: 8,
  channels: [8, 12],
  norm_groups: 4,
  hidden_size: 10,
  vocab_size: 682,
  text_size: 6,
  max_tokens: 12,
  pad_token_id: 681,
};

/** Writes a folder of the shapes world's held-out reward with random weights, and returns them. */
export async function writeSmallFilmCnn(folder: string): Promise<Weights> {
  cpSync(join(import.meta.dirname, '../models/tokenizer'), folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(filmCnnConfig));
  const ids = () => tf.zeros([1, 12], 'int32');
  const weights = randomWeights(shapesOf((p) => filmCnn(p, filmCnnConfig, tf.zeros([1, 8, 8, 3]), ids())));
  await writeWeights(join(folder, 'model.safetensors'), weights);
  return weights;
}
