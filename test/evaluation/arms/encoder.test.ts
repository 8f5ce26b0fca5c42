import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tf } from '../../../engine/tensorflow.ts';
import { WeightParameters } from '../../setup/weight-parameters.ts';
import { writeWeights } from '../../../engine/weights/weights.ts';
import { embedWith } from '../../../evaluation/arms/arm-encoder.ts';
import { otherEncoder } from '../../../models/folder/other-encoder.ts';
import { clipText } from '../../../models/clip/clip-text.ts';
import { clipTextSchema } from '../../../models/clip/clip-config.ts';
import type { LoadedPipeline } from '../../../models/folder/pipeline-folder.ts';
import { randomWeights, shapesOf } from '../../rewards/small-clip.ts';
import { smallPipeline } from '../small-pipeline.ts';

const folder = mkdtempSync(join(tmpdir(), 'textcraftor-encoder-'));
afterAll(() => rmSync(folder, { recursive: true }));
let pipeline: LoadedPipeline;
beforeAll(async () => {
  pipeline = await smallPipeline(join(folder, 'pipeline'));
});

/** An encoder with two layers; the pipeline's has one. */
const deeper = {
  hidden_size: 8,
  intermediate_size: 20,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  vocab_size: 700,
  max_position_embeddings: 20,
  eos_token_id: 681,
};
const config = clipTextSchema.parse(deeper);
const ids = tf.zeros([1, 16], 'int32');
const weights = randomWeights(shapesOf((p) => clipText(p, config, ids).hidden));

async function write(name: string, changes: object = {}): Promise<string> {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'config.json'), JSON.stringify({ ...deeper, ...changes }));
  const own = clipTextSchema.parse({ ...deeper, ...changes });
  const shapes = shapesOf((p) => clipText(p, own, tf.zeros([1, 12], 'int32')).hidden);
  await writeWeights(join(path, 'model.safetensors'), randomWeights(shapes));
  return path;
}

describe('an encoder of another architecture', () => {
  it('embeds prompts, and the empty one, with its own layers', async () => {
    const other = await otherEncoder(await write('deeper'), pipeline);
    const prompts = [{ id: 'a', prompt: 'two red dogs' }];
    const found = await embedWith(other!, prompts, 16);
    for (const [text, embedding] of [
      ['two red dogs', found.condition],
      ['', found.unconditional],
    ] as const) {
      const tokens = pipeline.tokenizer.pad(pipeline.tokenizer.encode(text), 16);
      const expected = clipText(
        new WeightParameters(weights, 'test'),
        config,
        tf.tensor2d([...tokens], [1, 16], 'int32'),
      );
      const difference = tf.tensor(embedding, [1, 16, 8]).sub(expected.hidden).abs().max().dataSync()[0]!;
      expect(difference).toBeLessThan(1e-5);
    }
  });

  it('is not used when only the weights differ from the pipeline’s', async () => {
    expect(await otherEncoder(join(folder, 'pipeline', 'text_encoder'), pipeline)).toBeUndefined();
  });

  it.each([
    [
      'embeddings that the UNet cannot take',
      { hidden_size: 16 },
      /unet: cross_attention_dim is 8; the hidden_size of the text encoder .* is 16/,
    ],
    [
      'fewer positions than prompts have',
      { max_position_embeddings: 12 },
      /max_position_embeddings is 12; prompts have 16 tokens/,
    ],
    [
      'fewer words than the tokenizer',
      { vocab_size: 500 },
      /its tokenizer has \d+ tokens, but the model's vocab_size is 500/,
    ],
  ])('is refused for %s', async (name, changes, message) => {
    await expect(otherEncoder(await write(name, changes), pipeline)).rejects.toThrow(message);
  });

  it('is refused for fewer words than its own tokenizer, not the pipeline’s', async () => {
    const path = await write('own-tokenizer', { vocab_size: 690 });
    cpSync(join(folder, 'pipeline', 'tokenizer'), path, { recursive: true });
    expect(await otherEncoder(path, pipeline)).toMatchObject({ path });
    const vocabulary = Object.fromEntries(Array.from({ length: 691 }, (_, i) => [`w${i}`, i]));
    writeFileSync(
      join(path, 'vocab.json'),
      JSON.stringify({ ...vocabulary, '<|startoftext|>': 0, '<|endoftext|>': 690 }),
    );
    writeFileSync(join(path, 'merges.txt'), '#version: 0.2\n');
    await expect(otherEncoder(path, pipeline)).rejects.toThrow(/own-tokenizer: .* vocab_size is 690/);
  });
});
