/**
 * Compares the scores of published aesthetic heads (LAION's .pth) on random unit embeddings, here and in torch.
 *
 *     npx tsx bench/aesthetic-heads.ts PYTHON HEAD.pth...
 */
import { execFileSync } from 'node:child_process';
import { RandomStream } from '../common/random.ts';
import { tf } from '../engine/tensorflow.ts';
import { WeightParameters } from '../test/setup/weight-parameters.ts';
import { readAestheticHead } from '../rewards/aesthetic-head.ts';
import { aestheticHead } from '../rewards/aesthetic.ts';

const WIDTH = 768;
const ROWS = 64;
const TORCH = `
import json, sys, torch
state = torch.load(sys.argv[1], map_location="cpu", weights_only=True)
x = torch.tensor(json.load(sys.stdin))
for name in sorted(k[:-6] for k in state if k.endswith("weight")):
    x = torch.nn.functional.linear(x, state[name + "weight"].float(), state[name + "bias"].float())
print(json.dumps(x[:, 0].tolist()))
`;

async function main(): Promise<void> {
  const [python, ...heads] = process.argv.slice(2);
  if (!python || heads.length === 0) throw new Error('usage: npx tsx bench/aesthetic-heads.ts PYTHON HEAD.pth...');
  const rows = Array.from({ length: ROWS }, (_, row) => {
    const draws = [...new RandomStream(1, 'embedding', row).normal(WIDTH)];
    const norm = Math.hypot(...draws);
    return draws.map((x) => Math.fround(x / norm));
  });
  for (const path of heads) {
    const { head, weights } = await readAestheticHead(path, WIDTH);
    const ours = aestheticHead(new WeightParameters(weights, path), head, tf.tensor2d(rows)).dataSync();
    const theirs = JSON.parse(
      execFileSync(python, ['-c', TORCH, path], { input: JSON.stringify(rows), encoding: 'utf8' }),
    ) as number[];
    const difference = Math.max(...theirs.map((score, i) => Math.abs(score - ours[i]!)));
    console.log(
      `${path}: ${head.layers.length} layers, scores ${Math.min(...theirs).toFixed(3)} to ${Math.max(...theirs).toFixed(3)}, largest difference ${difference.toExponential(1)}`,
    );
  }
}

await main();
