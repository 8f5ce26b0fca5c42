import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError } from '../../common/errors.ts';
import { requireRank } from '../../engine/weights/required-tensor.ts';
import { readWeights, type Weights } from '../../engine/weights/weights.ts';
import { medSchema, type BlipVisionConfig, type MedConfig } from '../../models/blip/blip-config.ts';
import { blipVisionTensors, medTensors } from '../../models/blip/blip-tensors.ts';
import { WordPieceTokenizer } from '../../models/blip/word-piece.ts';
import { parseConfig, readJson } from '../../models/folder/network-config.ts';
import { requireTensors } from '../../models/folder/expected-tensors.ts';
import { requireVocabulary } from '../../models/clip/tokenizer/vocabulary.ts';
import type { AestheticHead } from '../aesthetic-head.ts';
import type { RewardSpec } from '../reward.ts';

/** Number of tokens to which a prompt is cut or padded. */
export const IMAGE_REWARD_LENGTH = 35;
/** The linear layers of the head, which has no activations (the missing numbers are dropouts). */
const HEAD = [0, 2, 4, 6, 7];

export interface ImageRewardFiles {
  weights: Weights;
  med: MedConfig;
  vision: BlipVisionConfig;
  head: AestheticHead;
  tokenizer: WordPieceTokenizer;
}

/** Reads ImageReward's files, leaving the weights in theirs. @throws InputError that names what does not fit */
export async function readImageReward(spec: RewardSpec): Promise<ImageRewardFiles> {
  const { file, folder } = await locate(spec.model);
  const weights = await readWeights(file);
  const path = join(folder, 'med_config.json');
  const med = parseConfig(medSchema, existsSync(path) ? await readJson(path) : {}, path);
  const vision = visionConfig(weights, file);
  const head: AestheticHead = {
    layers: HEAD.map((number) => `layers.${number}`),
    widths: HEAD.map((number) => shapeOf(weights, `mlp.layers.${number}.weight`, 2, file)[0]!),
    relu: false,
    bounded: false,
  };
  if (med.max_position_embeddings < IMAGE_REWARD_LENGTH)
    throw new InputError(
      `${path}: max_position_embeddings is ${med.max_position_embeddings}; ImageReward reads ${IMAGE_REWARD_LENGTH} tokens.`,
    );
  const tokenizer = await WordPieceTokenizer.load(spec.tokenizer ?? folder);
  requireVocabulary(`Reward "${spec.name}"`, tokenizer, med.vocab_size);
  requireTensors(weights, blipVisionTensors('blip.visual_encoder', vision), file);
  requireTensors(weights, medTensors('blip.text_encoder', med, vision.hidden_size), file);
  return { weights, med, vision, head, tokenizer };
}

/** Finds the weight file, and the folder of the other files. */
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

const shapeOf = (weights: Weights, name: string, rank: number, source: string): number[] =>
  requireRank(weights, name, rank, source, 'as in ImageReward');

/** Heads in BLIP's vision transformers, base and large, are 64 wide. */
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
