import { differentiable } from '../differentiable.ts';
import { fusedAttention, hasKernels } from '../kernels/load-kernels.ts';
import { tf, type Tensor } from '../tensorflow.ts';

/**
 * Entries of a row's score matrices (heads x queries x keys) held at once. The batch does not count: the operations
 * called must not depend on it, or an export could not leave it open.
 */
const SCORES_AT_ONCE = 2 ** 23;
/**
 * Up to this many entries are kept for the backward pass instead, since recomputing them would cost more than the
 * memory.
 */
const SCORES_TO_KEEP = 2 ** 21;

/**
 * Scaled dot-product attention of several heads. q [B, Tq, D], k and v [B, Tk, D] -> [B, Tq, D]. Scores are computed
 * for a chunk of the queries at a time and recomputed in the backward pass, so memory grows with the chunk, not with Tq
 * x Tk.
 */
export function attention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  heads: number,
  { causal = false, scoresAtOnce = SCORES_AT_ONCE, scoresToKeep = SCORES_TO_KEEP } = {},
): Tensor {
  if (hasKernels()) return fusedAttention({ heads, causal })(q, k, v);
  const [batch, queries, width] = q.shape as [number, number, number];
  const keys = k.shape[1]!;
  const depth = width / heads;
  const split = (t: Tensor): Tensor => t.reshape([batch, t.shape[1]!, heads, depth]).transpose([0, 2, 1, 3]);
  const scores = heads * queries * keys;
  const chunks = Math.ceil(scores / scoresAtOnce);
  const rows = Math.ceil(queries / chunks);
  const keep = chunks === 1 && scores <= scoresToKeep;
  const y = chunkedAttention({ rows, causal, keep })(split(q.mul(depth ** -0.5)), split(k), split(v));
  return y.transpose([0, 2, 1, 3]).reshape([batch, queries, width]);
}

interface ChunkedAttention {
  /** Queries per chunk. */
  rows: number;
  causal: boolean;
  /** Whether the probabilities are kept; there is one chunk then. */
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

/** 0 where a query may see a key, a large negative number where the key comes later. [queries, keys] */
function causalMask(queries: number, keys: number, start: number): Tensor {
  const mask = new Float32Array(queries * keys);
  for (let i = 0; i < queries; i++) for (let j = start + i + 1; j < keys; j++) mask[i * keys + j] = -1e30;
  return tf.tensor2d(mask, [queries, keys]);
}
