import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readSafetensors } from '../../engine/weights/safetensors.ts';
import { tf } from '../../engine/tensorflow.ts';
import { WeightParameters } from '../setup/weight-parameters.ts';
import { lazyWeight, writeWeights, type Weights } from '../../engine/weights/weights.ts';
import { isOpenClip, openClip } from '../../models/clip/open-clip.ts';
import { loadReward } from '../../rewards/reward-types.ts';
import { pictures, prompts } from './small-clip.ts';

const at = (name: string) => join(import.meta.dirname, '../golden/open-clip', name);
const tokenizer = join(import.meta.dirname, '../models/tokenizer');
const folder = mkdtempSync(join(tmpdir(), 'open-clip-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function score(type: string, model: string): Promise<number[]> {
  const reward = await loadReward({ name: 'r', type, model, tokenizer, weight: 1 });
  const ids = tf.tensor(reward.tokenize(prompts), [2, reward.promptLength], 'int32');
  const p = new WeightParameters(reward.weights, model);
  return [...reward.score(p, tf.tensor(pictures(10, 14), [2, 10, 14, 3]), ids).dataSync()];
}

/** Cosines of OpenCLIP's own unit embeddings. */
async function cosines(preprocessing: 'crop' | 'pad'): Promise<number[]> {
  const golden = await readSafetensors(at('golden.safetensors'));
  const [image, text] = [golden.float32(preprocessing), golden.float32('text')];
  const width = text.length / 2;
  return [0, 1].map((row) =>
    text.slice(row * width, (row + 1) * width).reduce((sum, x, i) => sum + x * image[row * width + i]!, 0),
  );
}

describe("a model with OpenCLIP's names", () => {
  it("gives OpenCLIP's cosines from HPSv2's kind of file", async () => {
    const expected = await cosines('pad');
    (await score('hpsv2', at('model.pt'))).forEach((value, i) => expect(value).toBeCloseTo(100 * expected[i]!, 3));
  });

  it('also gives them from a folder', async () => {
    for (const file of ['model.pt', 'open_clip_config.json']) cpSync(at(file), join(folder, file));
    const expected = await cosines('crop');
    (await score('clip-similarity', folder)).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
  });

  it('is not guessed among several files, and is refused when it is of another kind', async () => {
    cpSync(at('model.pt'), join(folder, 'other.pt'));
    await expect(score('hpsv2', folder)).rejects.toThrow(/several weight files \(model.pt, other.pt\); give the path/);
    const other = join(folder, 'other.safetensors');
    await writeWeights(other, new Map([['w', { shape: [1], data: new Float32Array(1) }]]));
    await expect(score('hpsv2', other)).rejects.toThrow(
      /other.safetensors is not a known CLIP model: .* visual.conv1.weight/,
    );
    await expect(score('hpsv2', join(folder, 'none.pt'))).rejects.toThrow(/none.pt: it does not exist/);
  });

  it('is refused with a tokenizer of more words than it has embeddings', async () => {
    const larger = join(import.meta.dirname, '../../world/shapes/base/tokenizer');
    const spec = { name: 'preference', type: 'hpsv2', model: at('model.pt'), tokenizer: larger, weight: 1 };
    await expect(loadReward(spec)).rejects.toThrow(
      /"preference": its tokenizer has \d+ tokens, but the model's vocab_size is 682/,
    );
  });

  it('has the heads of the published models without a configuration, and no others', () => {
    // The shapes of ViT-H-14, one layer deep.
    const shapes = (visionWidth: number, textWidth: number): Weights => {
      const block = (prefix: string, width: number): [string, number[]][] => [
        [`${prefix}transformer.resblocks.0.ln_1.weight`, [width]],
        [`${prefix}transformer.resblocks.0.mlp.c_fc.weight`, [4 * width, width]],
      ];
      const all: [string, number[]][] = [
        ['positional_embedding', [77, textWidth]],
        ['token_embedding.weight', [49408, textWidth]],
        ['text_projection', [textWidth, 1024]],
        ['visual.conv1.weight', [visionWidth, 3, 14, 14]],
        ['visual.positional_embedding', [257, visionWidth]],
        ...block('', textWidth),
        ...block('visual.', visionWidth),
      ];
      const unread = () => {
        throw new Error('shapes are enough');
      };
      return new Map(all.map(([name, shape]) => [name, lazyWeight(shape, unread)]));
    };
    const huge = shapes(1280, 1024);
    expect(isOpenClip(huge)).toBe(true);
    const { config } = openClip(huge, 'HPS_v2.1_compressed.pt');
    expect(config).toMatchObject({
      projection_dim: 1024,
      text_config: { num_attention_heads: 16, hidden_act: 'gelu', num_hidden_layers: 1, eos_token_id: 2 },
      vision_config: { num_attention_heads: 16, image_size: 224, patch_size: 14, intermediate_size: 5120 },
    });
    expect(openClip(shapes(1024, 768), 'L').config.vision_config.num_attention_heads).toBe(16);
    expect(() => openClip(shapes(1024, 100), 'tiny.pt')).toThrow(
      /tiny.pt is not a known CLIP model: .*open_clip_config.json/,
    );
    huge.delete('text_projection');
    expect(() => openClip(huge, 'cut.pt')).toThrow('Tensor text_projection is missing from cut.pt; expected 2 axes');
  });
});
