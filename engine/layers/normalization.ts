import { differentiable } from '../differentiable.ts';
import { fusedGroupNorm, fusedLayerNorm, hasKernels, type GroupNormOptions } from '../kernels/load-kernels.ts';
import { asMatrix, siluGradient } from '../program/operations.ts';
import type { Parameters } from '../weights/parameters.ts';
import { tf, type Tensor } from '../tensorflow.ts';

/** Normalization over the last axis (Ba et al., arXiv 1607.06450). x [..., C]. */
export function layerNorm(p: Parameters, x: Tensor, epsilon = 1e-5): Tensor {
  const width = x.shape.at(-1)!;
  const normalize = hasKernels() ? fusedLayerNorm : normalizeLayer;
  return normalize(epsilon)(x, p.get('weight', [width]), p.get('bias', [width]));
}

const normalizeLayer = (epsilon: number) =>
  differentiable(
    ([x, weight, bias], save) => {
      const centered = x!.sub(x!.mean(-1, true));
      const scale = centered.square().mean(-1, true).add(epsilon).rsqrt();
      const normal = centered.mul(scale);
      save([normal, scale, weight!]);
      return normal.mul(weight!).add(bias!);
    },
    (dy, [normal, scale, weight]) => {
      const scaled = dy.mul(weight!);
      const dx = scaled
        .sub(scaled.mean(-1, true))
        .sub(normal!.mul(scaled.mul(normal!).mean(-1, true)))
        .mul(scale!);
      return [dx!, asMatrix(dy.mul(normal!)).sum(0), asMatrix(dy).sum(0)];
    },
  );

/**
 * Normalization over the pixels and the channels of each of `groups` groups (Wu and He, arXiv 1803.08494).
 * x [B, H, W, C].
 */
export const groupNorm = (p: Parameters, x: Tensor, groups: number, epsilon = 1e-5): Tensor =>
  normalized(p, x, { groups, epsilon, silu: false });

/** silu(groupNorm(x)), keeping only x for the backward pass. x [B, H, W, C]. */
export const groupNormSilu = (p: Parameters, x: Tensor, groups: number, epsilon = 1e-5): Tensor =>
  normalized(p, x, { groups, epsilon, silu: true });

function normalized(p: Parameters, x: Tensor, options: GroupNormOptions): Tensor {
  const channels = x.shape[3]!;
  const normalize = hasKernels() ? fusedGroupNorm : normalizeGroups;
  return normalize(options)(x, p.get('weight', [channels]), p.get('bias', [channels]));
}

/**
 * Per-channel sums over the pixels come first (fast, contiguous); the groups are then folded on small tensors, so that
 * a picture is read twice forward and twice backward.
 */
const normalizeGroups = ({ groups, epsilon, silu }: GroupNormOptions) => {
  /** Mean over the channels of each group, returned for each channel. [B, C] -> [B, C] */
  const groupMean = (t: Tensor): Tensor => {
    const [batch, channels] = t.shape as [number, number];
    const mean = t.reshape([batch, groups, channels / groups]).mean(2, true);
    return mean.tile([1, 1, channels / groups]).reshape([batch, channels]);
  };
  const spread = (t: Tensor): Tensor => t.reshape([t.shape[0]!, 1, 1, t.shape[1]!]);
  const apply = (x: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, rstd: Tensor): Tensor => {
    const scale = rstd.mul(weight);
    return x.mul(spread(scale)).add(spread(bias.sub(mean.mul(scale))));
  };
  return differentiable(
    ([x, weight, bias], save) => {
      const mean = groupMean(x!.mean([1, 2]));
      const variance = groupMean(tf.squaredDifference(x!, spread(mean)).mean([1, 2]));
      const rstd = variance.add(epsilon).rsqrt();
      save([x!, weight!, bias!, mean, rstd]);
      const normal = apply(x!, weight!, bias!, mean, rstd);
      return silu ? normal.mul(normal.sigmoid()) : normal;
    },
    (dy, [x, weight, bias, mean, rstd]) => {
      const dNormal = silu ? siluGradient(dy, apply(x!, weight!, bias!, mean!, rstd!)) : dy;
      const pixels = x!.shape[1]! * x!.shape[2]!;
      const sumDy = dNormal.sum([1, 2]);
      const sumDyNormal = dNormal.mul(x!).sum([1, 2]).sub(mean!.mul(sumDy)).mul(rstd!);
      const a = groupMean(sumDy.mul(weight!)).div(pixels);
      const b = groupMean(sumDyNormal.mul(weight!)).div(pixels).mul(rstd!).mul(rstd!);
      const dx = dNormal
        .mul(spread(rstd!.mul(weight!)))
        .sub(x!.mul(spread(b)))
        .add(spread(mean!.mul(b).sub(a.mul(rstd!))));
      return [dx, sumDyNormal.sum(0), sumDy.sum(0)];
    },
  );
};
