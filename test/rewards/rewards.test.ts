import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vectorJacobianProduct } from '../../engine/vector-jacobian.ts';
import { float32, int32, Program } from '../../engine/program/program.ts';
import { writeSafetensors } from '../../engine/weights/safetensors.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { WeightParameters } from '../setup/weight-parameters.ts';
import { loadReward, loadRewards } from '../../rewards/reward-types.ts';
import { inspectRewards } from '../../rewards/inspect-rewards.ts';
import type { LoadedReward } from '../../rewards/reward.ts';
import { requireFiniteScores, rewardWeights, scoreAll, weightedSum } from '../../rewards/total.ts';
import { pictures, prompts, writeHead, writeSmallClip } from './small-clip.ts';

const folder = mkdtempSync(join(tmpdir(), 'textcraftor-rewards-'));
const heads = {
  v1: { '': 1 },
  v2: { 'layers.0': 9, 'layers.2': 8, 'layers.4': 7, 'layers.6': 5, 'layers.7': 1 },
  relu: { 'layers.0': 9, 'layers.3': 8, 'layers.6': 7, 'layers.9': 5, 'layers.11': 1 },
};
beforeAll(async () => {
  await writeSmallClip(folder);
  for (const [name, layers] of Object.entries(heads)) await writeHead(join(folder, `${name}.safetensors`), layers);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** From make-golden.py, for pictures of 10 x 14. */
const golden = {
  clip: [0.5631929, 0.4571319],
  gradient: [4.4940461, 16.3933824, 0.0038213, -0.0008687, 0.0184299],
  pickscore: [4.1614643, 3.3777729],
  hpsv2: [17.3582172, 11.3764094],
  v1: [-0.5258132, -0.4451586],
  v2: [-0.4120317, -0.269757],
  relu: [0.0775672, 0.0783568],
};

const image = () => tf.tensor(pictures(10, 14), [2, 10, 14, 3]);
const spec = (type: string, extra = {}) => ({ name: 'r', type, model: folder, weight: 1, ...extra });
const idsOf = (reward: LoadedReward) =>
  tf.tensor(reward.tokenize(prompts), [prompts.length, reward.promptLength], 'int32');

async function scores(reward: LoadedReward, picture = image()): Promise<number[]> {
  const p = new WeightParameters(reward.weights, folder);
  return [...reward.score(p, picture, reward.promptLength > 0 ? idsOf(reward) : undefined).dataSync()];
}

function expectClose(actual: readonly number[], expected: readonly number[], digits = 4): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, digits));
}

describe('the rewards on CLIP', () => {
  it.each([
    ['clip-similarity', golden.clip],
    ['pickscore', golden.pickscore],
    ['hpsv2', golden.hpsv2],
  ])('%s agrees with transformers', async (type, expected) => {
    expectClose(await scores(await loadReward(spec(type))), expected);
  });

  it.each(['v1', 'v2', 'relu'] as const)('the aesthetic head %s agrees with torch', async (name) => {
    expectClose(
      await scores(await loadReward(spec('aesthetic', { head: join(folder, `${name}.safetensors`) }))),
      golden[name],
    );
  });

  it('a bounded head squeezes the score into 1 to 10', async () => {
    const head = join(folder, 'bounded.safetensors');
    await writeHead(head, heads.v1, { bounded: 'true' });
    const expected = golden.v1.map((raw) => 1 + 9 / (1 + Math.exp(-raw)));
    expectClose(await scores(await loadReward(spec('aesthetic', { head }))), expected);
  });

  it('zero-shot is the log of the softmax over the texts of what PickScore gives each', async () => {
    const texts = ['a neon sign', 'a flat icon', 'a red circle'];
    const pickscore = await loadReward(spec('pickscore'));
    const p = new WeightParameters(pickscore.weights, folder);
    const one = image().slice([0, 0, 0, 0], [1, -1, -1, -1]);
    const logits = texts.map(
      (text) =>
        pickscore
          .score(p, one, tf.tensor(pickscore.tokenize([text]), [1, pickscore.promptLength], 'int32'))
          .dataSync()[0]!,
    );
    const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    for (const [i, text] of texts.entries()) {
      const against = texts.filter((other) => other !== text);
      const reward = await loadReward(spec('clip-zero-shot', { text, against }));
      expectClose(await scores(reward, one), [logits[i]! - total]);
    }
  });

  it.each([
    [{}, 'needs "text"'],
    [{ text: 'a neon sign' }, 'needs "text"'],
    [{ text: 'a neon sign', against: ['a neon sign'] }, 'both "text" and one of "against"'],
  ])('zero-shot refuses texts that decide nothing: %o', async (keys, message) => {
    await expect(loadReward(spec('clip-zero-shot', keys))).rejects.toThrow(message);
    await expect(inspectRewards([spec('clip-zero-shot', keys)])).rejects.toThrow(message);
  });

  it('the gradient with respect to the picture agrees with torch', async () => {
    const reward = await loadReward(spec('clip-similarity'));
    const p = new WeightParameters(reward.weights, folder);
    const g = tf.grad((x: Tensor) => reward.score(p, x, idsOf(reward)).sum())(image());
    const at = (...index: number[]) => g.slice([...index], [1, 1, 1, 1]).dataSync()[0]!;
    const sums = [g.sum().dataSync()[0]!, g.abs().sum().dataSync()[0]!];
    expectClose([...sums, at(0, 0, 3, 0), at(1, 9, 13, 2), at(0, 5, 7, 1)], golden.gradient);
  });
});

describe('rewards that are used together', () => {
  const specs = () => [
    { name: 'clip', type: 'clip-similarity', model: folder, weight: 100 },
    { name: 'looks', type: 'aesthetic', model: folder, head: join(folder, 'v2.safetensors'), weight: 2 },
  ];

  it('share a model: its weights are held once', async () => {
    const [clip, looks] = await loadRewards(specs());
    const towers = [...clip!.weights.keys()];
    for (const name of looks!.weights.keys()) if (name.includes('vision_model')) expect(towers).toContain(name);
    expect(rewardWeights([clip!, looks!]).size).toBe(towers.length + 10);
  });

  it('are recorded into one program that gives the eager scores and gradient', async () => {
    const rewards = await loadRewards(specs());
    const [clip] = rewards;
    const program = new Program();
    program.entry('features', { ids: int32(2, clip!.promptLength) }, ({ ids }, scope) => ({
      clip: clip!.promptFeatures(scope.parameters('rewards'), ids),
    }));
    program.entry('score', { image: float32(2, 10, 14, 3), clip: float32(2, 12) }, ({ image, clip }, scope) => {
      let scores: Record<string, Tensor> = {};
      const { value, gradients } = vectorJacobianProduct(
        () => {
          scores = scoreAll(rewards, scope.parameters('rewards'), image, { clip });
          return weightedSum(rewards, scores);
        },
        () => [image],
      );
      return { ...scores, total: value, gradient: gradients[0]! };
    });
    program.compile();
    program.load('rewards', rewardWeights(rewards));
    const features = program.run('features', { ids: idsOf(clip!) });
    const out = program.run('score', { image: image(), clip: features['clip']! });
    program.dispose();
    expectClose([...out['clip']!.dataSync()], golden.clip);
    expectClose([...out['looks']!.dataSync()], golden.v2);
    expectClose(
      [...out['total']!.dataSync()],
      golden.clip.map((c, i) => 100 * c + 2 * golden.v2[i]!),
      2,
    );
    const p = new WeightParameters(rewardWeights(rewards), folder);
    const eager = tf.grad((x: Tensor) =>
      weightedSum(rewards, scoreAll(rewards, p, x, { clip: features['clip']! })).sum(),
    )(image());
    expectClose([...out['gradient']!.flatten().dataSync()], [...eager.flatten().dataSync()], 3);
  });

  it('need different names', async () => {
    await expect(loadRewards([...specs(), specs()[0]!])).rejects.toThrow('Two rewards are named "clip"');
  });
});

describe('a reward that cannot be loaded', () => {
  it('is reported when its type is unknown', async () => {
    await expect(loadReward(spec('clip'))).rejects.toThrow(
      'unknown type "clip"; there are clip-similarity, clip-zero-shot, aesthetic',
    );
  });

  it('is reported when the head does not fit the model', async () => {
    const head = join(folder, 'wide.safetensors');
    const tensors = {
      weight: { dtype: 'F32' as const, shape: [1, 5], data: new Float32Array(5) },
      bias: { dtype: 'F32' as const, shape: [1], data: new Float32Array(1) },
    };
    await writeSafetensors(head, tensors);
    await expect(loadReward(spec('aesthetic', { head }))).rejects.toThrow('has shape [1, 5]; expected [1, 12]');
  });

  it('is reported when the folder is not a CLIPModel', async () => {
    const other = mkdtempSync(join(folder, 'other-'));
    writeFileSync(join(other, 'config.json'), '{"hidden_size": 4}');
    await expect(loadReward(spec('pickscore', { model: other }))).rejects.toThrow("is not a CLIPModel's configuration");
  });
});

describe('requireFiniteScores', () => {
  it('names the reward, the step and the prompt', () => {
    const check = () =>
      requireFiniteScores({ clip: [0.1, 0.2], looks: [5, NaN] }, { step: 12, prompts: ['a', 'a "b"'] });
    expect(check).toThrow('Reward "looks" is NaN at step 12 for the prompt "a \\"b\\""');
    expect(() => requireFiniteScores({ clip: [1] }, { step: 1, prompts: ['a'] })).not.toThrow();
  });
});
