/** Prints the digest of kernel results that are large enough for several threads: for `kernels.test.ts`. */
import { createHash } from 'node:crypto';
import { attention, conv2d, groupNormSilu, layerNorm, linear, silu } from '../../engine/layers/layers.ts';
import { random, valueAndGradients, withParameters } from './program/value-and-gradients.ts';

const hash = createHash('sha256');
const [weight, bias] = [random('weight', [64]), random('bias', [64])];
const picture = random('picture', [1, 100, 100, 64]);
const [q, k, v] = ['q', 'k', 'v'].map((name) => random(name, [1, 900, 64])) as [never, never, never];
for (const results of [
  valueAndGradients(withParameters(layerNorm), [picture, weight, bias]),
  valueAndGradients(
    withParameters((p, x) => groupNormSilu(p, x, 8)),
    [picture, weight, bias],
  ),
  valueAndGradients((x) => silu(x!), [picture]),
  valueAndGradients(
    withParameters((p, x) => linear(p, x, 100)),
    [picture, random('matrix', [64, 100]), random('columns', [100])],
  ),
  valueAndGradients(
    withParameters((p, x) => conv2d(p, x, 100)),
    [picture, random('filter', [3, 3, 64, 100]), random('columns', [100])],
  ),
  valueAndGradients((q, k, v) => attention(q!, k!, v!, 1), [q, k, v]),
  valueAndGradients((q, k, v) => attention(q!, k!, v!, 8), [q, k, v]),
])
  // Sums by TensorFlow may depend on its threads: y and the gradients by x do not.
  for (const i of [0, 2]) hash.update(results[i]!.dataSync() as Float32Array);
console.log(hash.digest('hex'));
