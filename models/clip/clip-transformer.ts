import { InputError } from '../../common/errors.ts';
import { attention, gelu, layerNorm, linear, quickGelu } from '../../engine/layers/layers.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import type { Tensor } from '../../engine/tensorflow.ts';
import type { ClipTransformerConfig } from './clip-config.ts';

const activations: Readonly<Record<string, (x: Tensor) => Tensor>> = { gelu, quick_gelu: quickGelu };

/** CLIP's transformer (pre-norm), text and vision alike: transformers' CLIPEncoder. x [B, T, D] -> [B, T, D] */
export function clipEncoder(
  p: Parameters,
  config: ClipTransformerConfig,
  x: Tensor,
  { causal }: { causal: boolean },
): Tensor {
  for (let i = 0; i < config.num_hidden_layers; i++) x = encoderLayer(p.at('layers').at(i), config, x, causal);
  return x;
}

function encoderLayer(p: Parameters, config: ClipTransformerConfig, x: Tensor, causal: boolean): Tensor {
  const { hidden_size: width, layer_norm_eps: epsilon } = config;
  const activate = activations[config.hidden_act];
  if (!activate) throw new InputError(`hidden_act "${config.hidden_act}" is unknown; expected "quick_gelu" or "gelu".`);

  const a = layerNorm(p.at('layer_norm1'), x, epsilon);
  const project = (name: string) => linear(p.at('self_attn').at(name), a, width);
  const attended = attention(project('q_proj'), project('k_proj'), project('v_proj'), config.num_attention_heads, {
    causal,
  });
  x = x.add(linear(p.at('self_attn.out_proj'), attended, width));

  const m = layerNorm(p.at('layer_norm2'), x, epsilon);
  return x.add(linear(p.at('mlp.fc2'), activate(linear(p.at('mlp.fc1'), m, config.intermediate_size)), width));
}
