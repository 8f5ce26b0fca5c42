import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError } from '../common/errors.ts';
import { tf } from '../engine/tensorflow.ts';
import { readWeights, type Weights } from '../engine/weights.ts';
import { medSchema, type BlipVisionConfig } from '../models/blip/config.ts';
import { medEmbeddings, medEncoder } from '../models/blip/text.ts';
import { blipVision } from '../models/blip/vision.ts';
import { WordPieceTokenizer } from '../models/blip/word-piece.ts';
import { CLIP_MEAN, CLIP_STD } from '../models/clip/config.ts';
import { parseConfig, readJson } from '../models/config.ts';
import { requireVocabulary } from '../models/vocabulary.ts';
import { aestheticHead, type AestheticHead } from './aesthetic.ts';
import { preprocess } from './preprocess.ts';
import type { RewardType } from './reward.ts';

/** Tokens that a prompt is cut to or padded to. */
const LENGTH = 35;
/** Of the raw scores on ImageReward's own data: published scores have mean 0 and deviation 1. */
const MEAN = 0.16717362830052426;
const STD = 1.0333394966054072;
/** The linear layers of its head, which has no activations (the numbers between are dropouts). */
const HEAD = [0, 2, 4, 6, 7];

/**
 * ImageReward (Xu et al. 2023, arXiv 2304.05977): BLIP's text encoder reads the prompt and looks at the picture, and a
 * head of linear layers turns the state of its first token into a score. The model is the published ImageReward.pt, or a
 * folder with it and med_config.json; `tokenizer` is bert-base-uncased's vocab.txt where the folder has none.
 */
export const imageReward: RewardType = {
  async load(spec) {
    const { file, folder } = await locate(spec.model);
    const all = await readWeights(file);
    const path = join(folder, 'med_config.json');
    const med = parseConfig(medSchema, existsSync(path) ? await readJson(path) : {}, path);
    const vision = visionConfig(all, file);
    const head: AestheticHead = {
      layers: HEAD.map((number) => `layers.${number}`),
      widths: HEAD.map((number) => shapeOf(all, `mlp.layers.${number}.weight`, 2, file)[0]!),
      relu: false,
      bounded: false,
    };
    const tokenizer = await WordPieceTokenizer.load(spec.tokenizer ?? folder);
    requireVocabulary(`Reward "${spec.name}"`, tokenizer, med.vocab_size);
    const width = med.hidden_size;
    const isUsed = (name: string) => /^(blip\.(visual_encoder|text_encoder)|mlp)\./.test(name);
    return {
      weights: new Map([...all].filter(([name]) => isUsed(name)).map(([name, t]) => [`${spec.name}.${name}`, t])),
      promptLength: LENGTH,
      featureSize: LENGTH * (width + 1),
      tokenize: (prompts) => Int32Array.from(prompts.flatMap((prompt) => tokenizer.encode(prompt, LENGTH))),
      // The embedded tokens, and which of them are not padding.
      promptFeatures: (p, ids) => {
        const text = p.at(spec.name).at('blip.text_encoder');
        const mask = tf.notEqual(ids, tf.scalar(tokenizer.padId, 'int32')).toFloat();
        return tf.concat([medEmbeddings(text.at('embeddings'), med, ids).reshape([-1, LENGTH * width]), mask], 1);
      },
      scoreWithFeatures: (p, image, features) => {
        const batch = image.shape[0]!;
        const blip = p.at(spec.name).at('blip');
        const [words, mask] = tf.split(features!, [LENGTH * width, LENGTH], 1) as [typeof image, typeof image];
        const pixels = preprocess(image, { size: vision.image_size, fit: 'crop', mean: CLIP_MEAN, std: CLIP_STD });
        const seen = blipVision(blip.at('visual_encoder'), vision, pixels);
        const tokens = words.reshape([batch, LENGTH, width]);
        const states = medEncoder(blip.at('text_encoder.encoder'), med, tokens, mask, seen);
        const first = states.slice([0, 0, 0], [batch, 1, width]).reshape([batch, width]);
        return aestheticHead(p.at(spec.name).at('mlp'), head, first).sub(MEAN).div(STD);
      },
    };
  },
};

/** The weight file and the folder that other files lie in. */
async function locate(model: string): Promise<{ file: string; folder: string }> {
  const found = await stat(model).catch(() => {
    throw new InputError(`Cannot read ${model}: it does not exist; expected ImageReward.pt or its folder.`);
  });
  if (found.isFile()) return { file: model, folder: dirname(model) };
  if (!found.isDirectory()) throw new InputError(`Cannot read ${model}: it is neither a file nor a folder.`);
  const names = await readdir(model);
  const name = ['ImageReward.pt', 'model.safetensors'].find((file) => names.includes(file));
  if (name === undefined) throw new InputError(`${model} has no ImageReward.pt (or model.safetensors).`);
  return { file: join(model, name), folder: model };
}

function shapeOf(weights: Weights, name: string, rank: number, source: string): number[] {
  const shape = weights.get(name)?.shape;
  if (shape?.length !== rank)
    throw new InputError(
      `Tensor ${name} ${shape ? `in ${source} has shape [${shape.join(', ')}]` : `is missing from ${source}`}; expected ${rank} axes, as in ImageReward.`,
    );
  return shape;
}

/** Heads are 64 wide in BLIP's vision transformers, base and large. */
function visionConfig(weights: Weights, source: string): BlipVisionConfig {
  const shape = (name: string, rank: number) => shapeOf(weights, `blip.visual_encoder.${name}`, rank, source);
  const [width, , patch] = shape('patch_embed.proj.weight', 4) as [number, number, number];
  const places = shape('pos_embed', 3)[1]!;
  let layers = 0;
  while (weights.has(`blip.visual_encoder.blocks.${layers}.norm1.weight`)) layers++;
  return {
    hidden_size: width,
    intermediate_size: shape('blocks.0.mlp.fc1.weight', 2)[0]!,
    num_hidden_layers: layers,
    num_attention_heads: width / 64,
    image_size: Math.sqrt(places - 1) * patch,
    patch_size: patch,
  };
}
