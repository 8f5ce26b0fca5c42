import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { WeightParameters } from '../setup/weight-parameters.ts';
import { type Weights } from '../../engine/weights/weights.ts';
import { filmCnn } from '../../rewards/film-cnn.ts';
import { loadReward } from '../../rewards/reward-types.ts';
import { pictures } from './small-clip.ts';
import { filmCnnConfig, writeSmallFilmCnn } from './small-film-cnn.ts';

const image = () => tf.tensor(pictures(8, 8), [2, 8, 8, 3]);
let weights: Weights;
const folder = mkdtempSync(join(tmpdir(), 'textcraftor-film-cnn-'));
beforeAll(async () => {
  weights = await writeSmallFilmCnn(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

const load = () => loadReward({ name: 'heldOut', type: 'film-cnn', model: folder, weight: 0 });

async function score(prompts: string[], picture = image()): Promise<number[]> {
  const reward = await load();
  const ids = tf.tensor(reward.tokenize(prompts), [2, reward.promptLength], 'int32');
  return [...reward.score(new WeightParameters(reward.weights, folder), picture, ids).dataSync()];
}

describe('film-cnn', () => {
  it('scores a picture by its prompt', async () => {
    const [a, b] = await score(['red circle', 'red circle']);
    const [same, other] = await score(['red circle', 'a blue dog']);
    expect(same).toBe(a);
    expect(other).not.toBeCloseTo(b!, 3);
  });

  it('knows which object has which color: the order of words counts', async () => {
    const [, there] = await score(['a', 'red circle on blue']);
    const [, swapped] = await score(['a', 'blue circle on red']);
    expect(there).not.toBeCloseTo(swapped!, 3);
  });

  it('does not depend on the amount of padding', () => {
    const p = new WeightParameters(weights, folder);
    const ids = (length: number) =>
      tf.tensor([680, 5, 9, ...Array<number>(length - 3).fill(681)], [1, length], 'int32');
    const one = image().slice([0], [1]);
    const short = filmCnn(p, filmCnnConfig, one, ids(5)).dataSync()[0]!;
    expect(filmCnn(p, filmCnnConfig, one, ids(12)).dataSync()[0]).toBeCloseTo(short, 5);
  });

  it('has the gradient of finite differences', async () => {
    const reward = await load();
    const p = new WeightParameters(reward.weights, folder);
    const ids = tf.tensor(reward.tokenize(['red circle', 'dog']), [2, 12], 'int32');
    const f = (x: Tensor) => reward.score(p, x, ids).sum();
    const direction = tf.tensor(
      pictures(8, 8).map((x) => x - 0.5),
      [2, 8, 8, 3],
    );
    const slope = tf.grad(f)(image()).mul(direction).sum().dataSync()[0]!;
    const at = (step: number) => f(image().add(direction.mul(step))).dataSync()[0]!;
    expect(slope).toBeCloseTo((at(0.01) - at(-0.01)) / 0.02, 1);
    expect(Math.abs(slope)).toBeGreaterThan(0.1);
  });

  it('names the missing key of its configuration', async () => {
    const { hidden_size: _, ...rest } = filmCnnConfig;
    const broken = mkdtempSync(join(folder, 'broken-'));
    writeFileSync(join(broken, 'config.json'), JSON.stringify(rest));
    await expect(loadReward({ name: 'x', type: 'film-cnn', model: broken, weight: 0 })).rejects.toThrow('hidden_size');
  });
});
