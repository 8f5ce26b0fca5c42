import { linear } from '../../engine/layers/layers.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import type { Tensor } from '../../engine/tensorflow.ts';
import type { ClipConfig } from './clip-config.ts';
import { clipText } from './clip-text.ts';
import { clipVision } from './clip-vision.ts';

export type { ClipConfig };

/** Image features of transformers' CLIPModel, not normalized. pixels [B, H, W, 3], normalized -> [B, projection_dim] */
export function imageFeatures(p: Parameters, config: ClipConfig, pixels: Tensor): Tensor {
  const { pooled } = clipVision(p, config.vision_config, pixels);
  return linear(p.at('visual_projection'), pooled, config.projection_dim, { bias: false });
}

/** Text features of transformers' CLIPModel, not normalized. ids int32 [B, T] -> [B, projection_dim] */
export function textFeatures(p: Parameters, config: ClipConfig, ids: Tensor): Tensor {
  const { pooled } = clipText(p, config.text_config, ids);
  return linear(p.at('text_projection'), pooled, config.projection_dim, { bias: false });
}

/** Natural logarithm of CLIP's trained factor for cosines. [] */
export function logitScale(p: Parameters): Tensor {
  return p.get('logit_scale', []);
}
