import { InputError } from '../../common/errors.ts';
import { product } from '../../common/product.ts';
import { requireRank } from '../../engine/weights/required-tensor.ts';
import { lazyWeight, type Weight, type Weights } from '../../engine/weights/weights.ts';
import { clipSchema, type ClipConfig } from './clip-config.ts';

/** Returns whether these weights have OpenCLIP's names, as those of HPSv2 and LAION's CLIP models do. */
export const isOpenClip = (weights: Weights): boolean => weights.has('visual.conv1.weight');

/** The part of open_clip_config.json that cannot be inferred from shapes. */
export interface OpenClipSettings {
  /** Width of an attention head of the vision tower. */
  visionHeadWidth?: number;
  textHeads?: number;
  /** Use OpenAI's activation; LAION's models have gelu. */
  quickGelu?: boolean;
}

/**
 * Converts an OpenCLIP model to transformers' CLIPModel: infers the configuration from the tensors' shapes and renames
 * the weights. Projections are transposed, and attention's joint projection is split into three.
 * @param source the file, for messages
 */
export function openClip(
  weights: Weights,
  source: string,
  settings: OpenClipSettings = {},
): { config: ClipConfig; weights: Weights } {
  const shapeOf = (name: string, rank: number): number[] =>
    requireRank(weights, name, rank, source, "as in OpenCLIP's models");
  const [positions, textWidth] = shapeOf('positional_embedding', 2) as [number, number];
  const [visionWidth, , patch] = shapeOf('visual.conv1.weight', 4) as [number, number, number];
  const places = shapeOf('visual.positional_embedding', 2)[0]!;
  const side = Math.sqrt(places - 1);
  if (!Number.isInteger(side))
    throw new InputError(
      `Tensor visual.positional_embedding in ${source} has ${places} positions; expected one more than a square number of patches.`,
    );
  const shared = { hidden_act: settings.quickGelu ? 'quick_gelu' : 'gelu' };
  const tower = (prefix: string, width: number, heads: number) => ({
    ...shared,
    hidden_size: width,
    intermediate_size: shapeOf(`${prefix}.resblocks.0.mlp.c_fc.weight`, 2)[0],
    num_hidden_layers: countBlocks(weights, prefix),
    num_attention_heads: heads,
  });
  const config = clipSchema.safeParse({
    projection_dim: shapeOf('text_projection', 2)[1],
    text_config: {
      ...tower('transformer', textWidth, settings.textHeads ?? textWidth / 64),
      vocab_size: shapeOf('token_embedding.weight', 2)[0],
      max_position_embeddings: positions,
      eos_token_id: 2, // the largest id of a sequence
    },
    vision_config: {
      ...tower('visual.transformer', visionWidth, visionHeads(visionWidth, settings.visionHeadWidth)),
      image_size: side * patch,
      patch_size: patch,
    },
  });
  if (!config.success)
    throw new InputError(
      `${source} is not a known CLIP model: ${config.error.issues[0]!.path.join('.')} cannot be inferred from its shapes. Put its open_clip_config.json beside it.`,
    );
  return {
    config: config.data,
    weights: new Map([...weights].flatMap(([name, weight]) => openClipTensor(name, weight))),
  };
}

/** Returns the number of heads in OpenCLIP's vision towers: heads are 64 wide, but large towers have 16 heads. */
const visionHeads = (width: number, headWidth?: number): number =>
  headWidth !== undefined ? width / headWidth : width > 1024 ? 16 : width / 64;

function countBlocks(weights: Weights, prefix: string): number {
  let count = 0;
  while (weights.has(`${prefix}.resblocks.${count}.ln_1.weight`)) count++;
  return count;
}

const NAMES = new Map(
  Object.entries({
    logit_scale: 'logit_scale',
    positional_embedding: 'text_model.embeddings.position_embedding.weight',
    'token_embedding.weight': 'text_model.embeddings.token_embedding.weight',
    'ln_final.weight': 'text_model.final_layer_norm.weight',
    'ln_final.bias': 'text_model.final_layer_norm.bias',
    'visual.class_embedding': 'vision_model.embeddings.class_embedding',
    'visual.positional_embedding': 'vision_model.embeddings.position_embedding.weight',
    'visual.conv1.weight': 'vision_model.embeddings.patch_embedding.weight',
    'visual.ln_pre.weight': 'vision_model.pre_layrnorm.weight',
    'visual.ln_pre.bias': 'vision_model.pre_layrnorm.bias',
    'visual.ln_post.weight': 'vision_model.post_layernorm.weight',
    'visual.ln_post.bias': 'vision_model.post_layernorm.bias',
  }),
);
/** Stored as [in, out]; a linear layer has [out, in]. */
const PROJECTIONS = new Map(
  Object.entries({
    text_projection: 'text_projection.weight',
    'visual.proj': 'visual_projection.weight',
  }),
);
const BLOCK = new Map(
  Object.entries({
    ln_1: 'layer_norm1',
    ln_2: 'layer_norm2',
    'attn.out_proj': 'self_attn.out_proj',
    'mlp.c_fc': 'mlp.fc1',
    'mlp.c_proj': 'mlp.fc2',
  }),
);

/** Renames one of OpenCLIP's tensors; transformers has none, one or three for it. @param name without a prefix */
export function openClipTensor(name: string, weight: Weight): [string, Weight][] {
  const [plain, projection] = [NAMES.get(name), PROJECTIONS.get(name)];
  if (plain) return [[plain, weight]];
  if (projection) return [[projection, transposed(weight)]];
  const [, visual, block, part] = /^(visual\.)?transformer\.resblocks\.(\d+)\.(.+)$/.exec(name) ?? [];
  if (part === undefined) return []; // a buffer, or not part of the model
  const layer = `${visual ? 'vision_model' : 'text_model'}.encoder.layers.${block}`;
  const [, joint] = /^attn\.in_proj_(weight|bias)$/.exec(part) ?? [];
  if (joint !== undefined)
    return ['q', 'k', 'v'].map((letter, i) => [`${layer}.self_attn.${letter}_proj.${joint}`, third(weight, i)]);
  const [, module, kind] = /^(.+)\.(weight|bias)$/.exec(part) ?? [];
  const found = BLOCK.get(module ?? '');
  return found ? [[`${layer}.${found}.${kind}`, weight]] : [];
}

function transposed(weight: Weight): Weight {
  const [rows, columns] = weight.shape as [number, number];
  return lazyWeight([columns, rows], () => {
    const { data } = weight;
    return Float32Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!);
  });
}

function third(weight: Weight, index: number): Weight {
  const [rows, ...rest] = weight.shape as [number, ...number[]];
  const size = (rows / 3) * product(rest);
  return lazyWeight([rows / 3, ...rest], () => weight.data.slice(index * size, (index + 1) * size));
}
