import { DuckDBInstance } from '@duckdb/node-api';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../../common/files.ts';
import { tf } from '../../engine/tensorflow.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import { clipText } from '../../models/clip/clip-text.ts';
import { clipTextSchema } from '../../models/clip/clip-config.ts';
import { loadPipeline, savePipeline, type LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import { schedulerFile } from '../../models/sampling/scheduler-config.ts';
import { unet2dCondition } from '../../models/unet/unet.ts';
import { unetSchema } from '../../models/unet/unet-config.ts';
import { vaeDecode, vaeEncode } from '../../models/vae/vae.ts';
import { vaeSchema } from '../../models/vae/vae-config.ts';
import { randomWeights, shapesOf } from '../rewards/small-clip.ts';

const transformer = { hidden_size: 8, intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2 };
const config = {
  textEncoder: clipTextSchema.parse({
    ...transformer,
    vocab_size: 682,
    max_position_embeddings: 16,
    eos_token_id: 681,
  }),
  unet: unetSchema.parse({
    sample_size: 8,
    in_channels: 4,
    out_channels: 4,
    block_out_channels: [8],
    down_block_types: ['CrossAttnDownBlock2D'],
    up_block_types: ['CrossAttnUpBlock2D'],
    layers_per_block: 1,
    cross_attention_dim: 8,
    attention_head_dim: 2,
    norm_num_groups: 4,
  }),
  vae: vaeSchema.parse({
    block_out_channels: [4, 4, 4],
    down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D'],
    up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D'],
    layers_per_block: 1,
    norm_num_groups: 2,
    latent_channels: 4,
  }),
  scheduler: schedulerFile(
    {
      _class_name: 'DDIMScheduler',
      beta_schedule: 'scaled_linear',
      beta_start: 0.00085,
      beta_end: 0.012,
      steps_offset: 1,
    },
    'the small pipeline',
  ),
};

/**
 * Writes a diffusers folder of a random pipeline, and reads it.
 * @param side of its pictures, in pixels
 */
export async function smallPipeline(folder: string, side = 32): Promise<LoadedPipeline> {
  const ids = tf.zeros([1, 16], 'int32');
  const z = tf.zeros([1, 8, 8, 4]);
  const tokenizer = join(folder, 'tokenizer-source');
  mkdirSync(tokenizer, { recursive: true });
  for (const file of ['vocab.json', 'merges.txt'])
    cpSync(join(import.meta.dirname, '../models/tokenizer', file), join(tokenizer, file));
  writeFileSync(join(tokenizer, 'tokenizer_config.json'), '{"model_max_length": 16}');
  const weights = {
    textEncoder: randomWeights(shapesOf((p) => clipText(p, config.textEncoder, ids).hidden)),
    unet: randomWeights(
      shapesOf((p) =>
        unet2dCondition(p, config.unet, { sample: z, timestep: tf.zeros([1]), context: tf.zeros([1, 16, 8]) }),
      ),
    ),
    vae: randomWeights(
      new Map([
        ...shapesOf((p) => vaeDecode(p, config.vae, z)),
        ...shapesOf((p) => vaeEncode(p, config.vae, tf.zeros([1, 32, 32, 3])).mean),
      ]),
    ),
  };
  const sized = { ...config, unet: { ...config.unet, sample_size: side / 4 } };
  await savePipeline(folder, { config: sized, weights }, { tokenizer });
  return loadPipeline(folder);
}

/** The weights with every value moved by at most `by`. */
export function tuned(weights: Weights, by: number): Weights {
  return new Map(
    [...weights].map(([name, { shape, data }]) => [name, { shape, data: data.map((x, i) => x + by * Math.sin(i)) }]),
  );
}

/** Writes a folder of shards with these prompts in each split. */
export async function writeShards(folder: string, prompts: readonly string[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const rows = prompts.map((prompt, i) => `('${String(i).padStart(32, '0')}', '${prompt}', 5, 'test')`).join(', ');
  const connection = await (await DuckDBInstance.create()).connect();
  const file = join(folder, 'part.parquet');
  await connection.run(`COPY (FROM (VALUES ${rows}) AS t(id, prompt, tokens, source)) TO '${file}' (FORMAT parquet)`);
  connection.closeSync();
  const split = {
    rows: prompts.length,
    shards: [{ file: 'part.parquet', rows: prompts.length, sha256: '', content: '' }],
  };
  const splits = { train: split, validation: split, test: split };
  writeFileSync(join(folder, 'manifest.json'), canonicalJson({ format: 1, columns: {}, splits }));
}
