import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../common/errors.ts';
import { product } from '../../common/product.ts';
import { vectorJacobianProduct } from '../../engine/vector-jacobian.ts';
import { float32, int32, Program } from '../../engine/program/program.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { WeightParameters } from '../setup/weight-parameters.ts';
import { writeWeights, type Weights } from '../../engine/weights/weights.ts';
import { WordPieceTokenizer } from '../../models/blip/word-piece.ts';
import { loadReward } from '../../rewards/reward-types.ts';
import { rewardWeights } from '../../rewards/total.ts';
import { pictures } from './small-clip.ts';

const at = (name: string) => join(import.meta.dirname, '../golden/image-reward', name);
const golden = JSON.parse(readFileSync(at('golden.json'), 'utf8')) as {
  med: object;
  shapes: Record<string, number[]>;
  ids: [string, number[]][];
  scores: number[];
  gradient: number[];
};
const prompts = golden.ids.slice(0, 2).map(([text]) => text);

/** The weights of make.py. */
function noise(name: string, shape: number[]): Float32Array {
  const offset = [...name].reduce((h, c) => (Math.imul(h, 31) + c.charCodeAt(0)) >>> 0, 0);
  const size = product(shape);
  const fan = size / shape[0]!;
  const isMatrix = shape.length > 1 && (!name.includes('embed') || name.endsWith('patch_embed.proj.weight'));
  return Float32Array.from({ length: size }, (_, i) => {
    let x = (i + offset) >>> 0;
    for (let round = 0; round < 2; round++) x = Math.imul(x ^ (x >>> 16), 0x45d9f3b) >>> 0;
    const value = ((x ^ (x >>> 16)) >>> 0) / 2 ** 32 - 0.5;
    if (/norm/i.test(name) && name.endsWith('weight')) return 1 + 0.4 * value;
    return isMatrix ? (value * 3) / Math.sqrt(fan) : value;
  });
}

const folder = mkdtempSync(join(tmpdir(), 'image-reward-'));
const weights: Weights = new Map(
  Object.entries(golden.shapes).map(([name, shape]) => [name, { shape, data: noise(name, shape) }]),
);
beforeAll(async () => {
  copyFileSync(at('vocab.txt'), join(folder, 'vocab.txt'));
  writeFileSync(join(folder, 'med_config.json'), JSON.stringify(golden.med));
  // The published file holds unused weights too.
  const more = new Map([...weights, ['blip.text_proj.weight', { shape: [1], data: new Float32Array(1) }]]);
  await writeWeights(join(folder, 'model.safetensors'), more);
});
afterAll(() => rmSync(folder, { recursive: true }));

const load = (model = folder, extra = {}) =>
  loadReward({ name: 'liking', type: 'image-reward', model, weight: 1, ...extra });
const image = () => tf.tensor(pictures(10, 14), [2, 10, 14, 3]);
const close = (actual: ArrayLike<number>, expected: readonly number[], digits: number) =>
  expected.forEach((value, i) => expect(actual[i], `value ${i}`).toBeCloseTo(value, digits));

describe('ImageReward', () => {
  it("has the scores and the gradient of transformers' BLIP, eagerly and in a program", async () => {
    const reward = await load();
    expect([...reward.weights.keys()].some((name) => name.includes('text_proj'))).toBe(false);
    const ids = tf.tensor(reward.tokenize(prompts), [2, reward.promptLength], 'int32');
    const p = new WeightParameters(reward.weights, folder);
    close(reward.score(p, image(), ids).dataSync(), golden.scores, 4);

    const program = new Program();
    const features = float32(2, reward.featureSize);
    program.entry('features', { ids: int32(2, reward.promptLength) }, ({ ids }, scope) => ({
      features: reward.promptFeatures(scope.parameters('rewards'), ids),
    }));
    program.entry('score', { image: float32(2, 10, 14, 3), features }, ({ image, features }, scope) => {
      const { value, gradients } = vectorJacobianProduct(
        () => reward.scoreWithFeatures(scope.parameters('rewards'), image, features),
        () => [image],
      );
      return { value, gradient: gradients[0]! };
    });
    program.compile();
    program.load('rewards', rewardWeights([reward]));
    const out = program.run('score', { image: image(), ...program.run('features', { ids }) });
    program.dispose();
    close(out['value']!.dataSync(), golden.scores, 4);
    const g = out['gradient']!;
    const one = (...index: number[]) => g.slice(index, [1, 1, 1, 1]).dataSync()[0]!;
    const sums = [g.sum(), g.abs().sum()].map((t: Tensor) => t.dataSync()[0]!);
    close([...sums, one(0, 0, 3, 0), one(1, 9, 12, 2), one(0, 5, 7, 1)], golden.gradient, 4);
  });

  it('says what is missing', async () => {
    const empty = mkdtempSync(join(folder, 'empty-'));
    const refused = async (model: string, message: RegExp, extra = {}) => {
      const error: unknown = await load(model, extra).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(InputError);
      expect((error as Error).message).toMatch(message);
    };
    await refused(empty, /has no ImageReward.pt/);
    await refused(join(empty, 'none.pt'), /none.pt: it does not exist; expected ImageReward.pt/);
    await writeWeights(join(empty, 'model.safetensors'), weights);
    await refused(empty, /vocabulary .*vocab.txt: it does not exist. Set .*"tokenizer" to .*bert-base-uncased/);
    writeFileSync(join(empty, 'vocab.txt'), 'a\nb\n');
    await refused(empty, /vocab.txt has no token \[UNK\]/);
    writeFileSync(join(empty, 'med_config.json'), '{"vocab_size": 20}');
    await refused(empty, /"liking": its tokenizer has \d+ tokens, but the model's vocab_size is 20/, {
      tokenizer: folder,
    });
    const cut = new Map([...weights].filter(([name]) => name !== 'blip.visual_encoder.pos_embed'));
    await writeWeights(join(empty, 'model.safetensors'), cut);
    await refused(empty, /Tensor blip.visual_encoder.pos_embed is missing from .*model.safetensors/, {
      tokenizer: folder,
    });
  });
});

it("BERT's tokenizer returns the ids of Hugging Face's for any text", async () => {
  const tokenizer = await WordPieceTokenizer.load(folder);
  for (const [text, ids] of golden.ids) expect(tokenizer.encode(text, 35), JSON.stringify(text)).toEqual(ids);
});
