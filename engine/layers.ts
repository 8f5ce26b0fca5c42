/**
 * The layers that every network here is made of, each with its own fused gradient. Images are [B, H, W, C],
 * sequences [B, T, C]. Parameter names and meanings are torch's.
 */
import { differentiable } from './differentiable.ts';
import { biasAdd, matMul2d, sigmoidGradient } from './operations.ts';
import type { Parameters } from './parameters.ts';
import { tf, type Tensor } from './tensorflow.ts';

const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const asMatrix = (x: Tensor): Tensor => x.reshape([-1, x.shape.at(-1)!]);

const matrixProduct = differentiable(
  ([x, w], save) => {
    save([x!, w!]);
    return matMul2d(x!, w!);
  },
  (dy, [x, w]) => [matMul2d(dy, w!, false, true), matMul2d(x!, dy, true, false)],
);

const addBias = differentiable(
  ([x, bias]) => biasAdd(x!, bias!),
  (dy) => [dy, asMatrix(dy).sum(0)],
);

/** y = x W + b. x [..., in] -> [..., out]; `weight` [in, out] in the engine, `bias` [out]. */
export function linear(p: Parameters, x: Tensor, out: number, { bias = true } = {}): Tensor {
  const width = x.shape.at(-1)!;
  const weight = p.get('weight', [width, out], 'linear');
  const y = matrixProduct(asMatrix(x), weight);
  return (bias ? addBias(y, p.get('bias', [out])) : y).reshape([...x.shape.slice(0, -1), out]);
}

export interface ConvolutionOptions {
  kernel?: number;
  stride?: number;
  /** Zeros around the picture: a number for every side, or [before, after] for both axes. Default: kernel / 2, rounded down. */
  padding?: number | [before: number, after: number];
  bias?: boolean;
}

/** Cross-correlation as torch's Conv2d. x [B, H, W, in] -> [B, H', W', out]. */
export function conv2d(p: Parameters, x: Tensor, out: number, options: ConvolutionOptions = {}): Tensor {
  const { kernel = 3, stride = 1, bias = true } = options;
  const padding = options.padding ?? Math.floor(kernel / 2);
  const [before, after] = typeof padding === 'number' ? [padding, padding] : padding;
  const weight = p.get('weight', [kernel, kernel, x.shape[3]!, out], 'conv2d') as never;
  // TensorFlow's 'same' is torch's padding only where both sides get the same number of zeros.
  const same = stride === 1 && before === after && before * 2 === kernel - 1;
  const padded =
    same || before + after === 0
      ? x
      : tf.pad(x, [
          [0, 0],
          [before, after],
          [before, after],
          [0, 0],
        ]);
  const y = tf.conv2d(padded as never, weight, stride, same ? 'same' : 'valid') as Tensor;
  return bias ? addBias(y, p.get('bias', [out])) : y;
}

/** Normalisation over the last axis. x [..., C]. */
export function layerNorm(p: Parameters, x: Tensor, epsilon = 1e-5): Tensor {
  const width = x.shape.at(-1)!;
  return normalizeLayer(epsilon)(x, p.get('weight', [width]), p.get('bias', [width]));
}

const normalizeLayer = (epsilon: number) =>
  differentiable(
    ([x, weight, bias], save) => {
      const centred = x!.sub(x!.mean(-1, true));
      const scale = centred.square().mean(-1, true).add(epsilon).rsqrt();
      const normal = centred.mul(scale);
      save([normal, scale, weight!]);
      return normal.mul(weight!).add(bias!);
    },
    (dy, [normal, scale, weight]) => {
      const scaled = dy.mul(weight!);
      const dx = scaled
        .sub(scaled.mean(-1, true))
        .sub(normal!.mul(scaled.mul(normal!).mean(-1, true)))
        .mul(scale!);
      return [dx, asMatrix(dy.mul(normal!)).sum(0), asMatrix(dy).sum(0)];
    },
  );

/** Normalisation over the pixels and the channels of each of `groups` groups. x [B, H, W, C]. */
export function groupNorm(p: Parameters, x: Tensor, groups: number, epsilon = 1e-5): Tensor {
  const channels = x.shape[3]!;
  return normalizeGroups(groups, epsilon, false)(x, p.get('weight', [channels]), p.get('bias', [channels]));
}

/** silu(groupNorm(x)), of which only x is kept for the backward pass. x [B, H, W, C]. */
export function groupNormSilu(p: Parameters, x: Tensor, groups: number, epsilon = 1e-5): Tensor {
  const channels = x.shape[3]!;
  return normalizeGroups(groups, epsilon, true)(x, p.get('weight', [channels]), p.get('bias', [channels]));
}

/**
 * Per-channel sums over the pixels come first (fast, contiguous), the groups are then folded on small tensors,
 * so that a picture is read twice forward and twice backward.
 */
const normalizeGroups = (groups: number, epsilon: number, activate: boolean) => {
  /** Mean over the channels of each group, given back to each channel. [B, C] -> [B, C] */
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
      return activate ? normal.mul(normal.sigmoid()) : normal;
    },
    (dy, [x, weight, bias, mean, rstd]) => {
      const dNormal = activate ? siluGradient(dy, apply(x!, weight!, bias!, mean!, rstd!)) : dy;
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

/** dy times the derivative of x * sigmoid(slope * x), with `scaled` = slope * x. */
function siluGradient(dy: Tensor, scaled: Tensor): Tensor {
  const s = scaled.sigmoid();
  return dy.mul(s.add(sigmoidGradient(s, scaled)));
}

/** x * sigmoid(slope * x), with the sigmoid computed again in the backward pass. */
const gatedSigmoid = (slope: number) =>
  differentiable(
    ([x], save) => {
      save([x!]);
      return x!.mul((slope === 1 ? x! : x!.mul(slope)).sigmoid());
    },
    (dy, [x]) => [siluGradient(dy, slope === 1 ? x! : x!.mul(slope))],
  );

/** x * sigmoid(x). */
export const silu: (x: Tensor) => Tensor = gatedSigmoid(1);
/** x * sigmoid(1.702 x): OpenAI CLIP's approximation of gelu. */
export const quickGelu: (x: Tensor) => Tensor = gatedSigmoid(1.702);

/** x * Phi(x), exact (by erf). */
export const gelu: (x: Tensor) => Tensor = differentiable(
  ([x], save) => {
    save([x!]);
    return geluOf(x!);
  },
  (dy, [x]) => [geluGradient(dy, x!)],
);

/** 2 Phi(x) */
const twiceNormal = (x: Tensor): Tensor => x.mul(Math.SQRT1_2).erf().add(1);
const geluOf = (x: Tensor, twice = twiceNormal(x)): Tensor => x.mul(twice).mul(0.5);
function geluGradient(dy: Tensor, x: Tensor, twice = twiceNormal(x)): Tensor {
  const density = x
    .square()
    .mul(-0.5)
    .exp()
    .mul(1 / Math.sqrt(2 * Math.PI));
  return dy.mul(twice.mul(0.5).add(x.mul(density)));
}

/**
 * GEGLU (Shazeer, "GLU variants improve transformer", 2020): (x V + c) gelu(x W + b). x [..., in] -> [..., out];
 * `weight` [2 out, in], V's rows before W's, and `bias` [2 out]. It lies as in a file: there its halves are apart, and
 * cut for nothing.
 */
export function geglu(p: Parameters, x: Tensor, out: number): Tensor {
  const weight = p.get('weight', [2 * out, x.shape.at(-1)!]);
  const y = gatedProducts(asMatrix(x), weight, p.get('bias', [2 * out]));
  return y.reshape([...x.shape.slice(0, -1), out]);
}

const gatedProducts = differentiable(
  ([x, weight, bias], save) => {
    const [valueWeight, gateWeight] = halvesOf(weight!);
    const [valueBias, gateBias] = halvesOf(bias!);
    const value = biasAdd(matMul2d(x!, valueWeight, false, true), valueBias);
    const gate = biasAdd(matMul2d(x!, gateWeight, false, true), gateBias);
    const twice = twiceNormal(gate);
    save([x!, weight!, value, gate, twice]);
    return value.mul(geluOf(gate, twice));
  },
  (dy, [x, weight, value, gate, twice]) => {
    const [valueWeight, gateWeight] = halvesOf(weight!);
    const dValue = dy.mul(geluOf(gate!, twice));
    const dGate = geluGradient(dy.mul(value!), gate!, twice);
    return [
      matMul2d(dValue, valueWeight).add(matMul2d(dGate, gateWeight)),
      tf.concat([matMul2d(dValue, x!, true, false), matMul2d(dGate, x!, true, false)], 0),
      tf.concat([dValue.sum(0), dGate.sum(0)], 0),
    ];
  },
);

const halvesOf = (x: Tensor) => tf.split(x, 2) as [Tensor, Tensor];

/** Rows of an embedding table. ids int32 [...] -> [..., width]; `weight` [size, width]. */
export function embedding(p: Parameters, ids: Tensor, size: number, width: number): Tensor {
  const lookUp = differentiable(
    ([table], save) => {
      save([ids]);
      return tf.gather(table!, ids.reshape([-1]) as never);
    },
    (dy, [ids]) => [tf.unsortedSegmentSum(dy, ids!.reshape([-1]) as never, size)],
  );
  return lookUp(p.get('weight', [size, width])).reshape([...ids.shape, width]);
}

/**
 * Entries of a row's score matrices (heads x queries x keys) that are held at once. The batch does not count: which
 * operations are called must not depend on it, or it could not be left open in an export.
 */
const SCORES_AT_ONCE = 2 ** 23;
/** Entries up to which they are kept for the backward pass instead: then to have them again would cost more than room. */
const SCORES_TO_KEEP = 2 ** 21;

/**
 * Scaled dot-product attention of several heads. q [B, Tq, D], k and v [B, Tk, D] -> [B, Tq, D]. Scores are computed
 * for a chunk of the queries at a time and again in the backward pass, so memory grows with the chunk, not with Tq x Tk.
 */
export function attention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  heads: number,
  { causal = false, scoresAtOnce = SCORES_AT_ONCE, scoresToKeep = SCORES_TO_KEEP } = {},
): Tensor {
  const [batch, queries, width] = q.shape as [number, number, number];
  const keys = k.shape[1]!;
  const depth = width / heads;
  const split = (t: Tensor): Tensor => t.reshape([batch, t.shape[1]!, heads, depth]).transpose([0, 2, 1, 3]);
  const scores = product([heads, queries, keys]);
  const chunks = Math.ceil(scores / scoresAtOnce);
  const rows = Math.ceil(queries / chunks);
  const keep = chunks === 1 && scores <= scoresToKeep;
  const y = chunkedAttention({ rows, causal, keep })(split(q.mul(depth ** -0.5)), split(k), split(v));
  return y.transpose([0, 2, 1, 3]).reshape([batch, queries, width]);
}

interface ChunkedAttention {
  /** Queries of a chunk. */
  rows: number;
  causal: boolean;
  /** Whether the probabilities, of one chunk then, are kept. */
  keep: boolean;
}

const chunkedAttention = ({ rows, causal, keep }: ChunkedAttention) => {
  const probabilities = (q: Tensor, k: Tensor, start: number): Tensor => {
    const scores = tf.matMul(q, k, false, true);
    return tf.softmax(causal ? scores.add(causalMask(q.shape[2]!, k.shape[2]!, start)) : scores);
  };
  const chunk = (t: Tensor, start: number): Tensor => {
    const [batch, heads, queries, depth] = t.shape as [number, number, number, number];
    return rows >= queries ? t : t.slice([0, 0, start, 0], [batch, heads, Math.min(rows, queries - start), depth]);
  };
  const starts = (q: Tensor): number[] => Array.from({ length: Math.ceil(q.shape[2]! / rows) }, (_, i) => i * rows);
  const join = (parts: Tensor[]): Tensor => (parts.length === 1 ? parts[0]! : tf.concat(parts, 2));
  return differentiable(
    ([q, k, v], save) => {
      const p = starts(q!).map((start) => probabilities(chunk(q!, start), k!, start));
      const y = join(p.map((rows) => tf.matMul(rows, v!)));
      save([q!, k!, v!, y, ...(keep ? p : [])]);
      return y;
    },
    (dy, [q, k, v, y, kept]) => {
      const dq: Tensor[] = [];
      const dk: Tensor[] = [];
      const dv: Tensor[] = [];
      for (const start of starts(q!)) {
        const [qi, dyi, yi] = [chunk(q!, start), chunk(dy, start), chunk(y!, start)];
        const p = kept ?? probabilities(qi, k!, start);
        dv.push(tf.matMul(p, dyi, true, false));
        // softmax backward: the row sums of dP * P equal those of dY * Y
        const ds = p.mul(tf.matMul(dyi, v!, false, true).sub(dyi.mul(yi).sum(-1, true)));
        dq.push(tf.matMul(ds, k!));
        dk.push(tf.matMul(ds, qi, true, false));
      }
      return [join(dq), tf.addN(dk), tf.addN(dv)];
    },
  );
};

/** 0 where a query may look at a key, a large negative number where the key comes later. [queries, keys] */
function causalMask(queries: number, keys: number, start: number): Tensor {
  const mask = new Float32Array(queries * keys);
  for (let i = 0; i < queries; i++) for (let j = start + i + 1; j < keys; j++) mask[i * keys + j] = -1e30;
  return tf.tensor2d(mask, [queries, keys]);
}
