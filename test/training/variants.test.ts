import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tf } from '../../engine/tensorflow.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import { loadPipeline } from '../../models/folder/pipeline-folder.ts';
import { loadRewards } from '../../rewards/reward-types.ts';
import { ADAMW } from '../../training/optimizer/adamw.ts';
import { gradientVariant, type GradientSettings } from '../../training/gradient-variants/settings.ts';
import { readRollout, type Rollout } from '../../training/rollout/rollout-samples.ts';
import { TEXT_ENCODER, textToImage, UNET } from '../../training/generator/text-to-image.ts';
import { Trainer, type TrainerSettings } from '../../training/trainer.ts';
import type { Generator } from '../../training/generator/generator.ts';
import { smallTuning } from './small-tuning.ts';

const { at, settings, makeInputs, remove } = smallTuning();
let generator: Generator;
let rollout: Rollout;
beforeAll(async () => {
  await makeInputs();
  generator = textToImage(await loadPipeline(at('model')), await loadRewards(settings.rewards), settings);
  rollout = await readRollout(at('rollout'));
});
afterAll(remove);

const rows = [0, 1];
const base = { gradientSteps: 2, embeddingPull: 0, seed: 5, optimizer: ADAMW };
const encoder = { name: TEXT_ENCODER, learningRate: 1e-2 };
const make = (changed: Partial<TrainerSettings>) => new Trainer(generator, { ...base, trained: [encoder], ...changed });
const norm = (weights: Weights) =>
  Math.sqrt([...weights.values()].reduce((sum, { data }) => sum + data.reduce((a, b) => a + b * b, 0), 0));
const largest = (a: Weights, b: Weights) =>
  Math.max(...[...a].map(([name, { data }]) => Math.max(...data.map((x, i) => Math.abs(x - b.get(name)!.data[i]!)))));

describe('which steps carry gradient', () => {
  it('are all, the last ones, or a random number of them, each number equally likely', () => {
    const of = (settings: GradientSettings) => gradientVariant(settings, generator, 7);
    expect(of({ type: 'last' }).stepsWithGradient(5, 1)).toBe(5);
    expect(of({ type: 'last', steps: 2 }).stepsWithGradient(5, 1)).toBe(2);
    expect(of({ type: 'draft-lv', repeats: 4 }).stepsWithGradient(5, 1)).toBe(1);
    const random = of({ type: 'random' });
    const drawn = Array.from({ length: 2000 }, (_, step) => random.stepsWithGradient(4, step + 1));
    for (const k of [1, 2, 3, 4]) expect(drawn.filter((n) => n === k).length / 2000).toBeCloseTo(0.25, 1);
    expect(drawn).toHaveLength(2000);
  });

  it('change the gradient and not the pictures; one repeat of the last step is the last step', () => {
    const of = (gradient: TrainerSettings['gradient']) => make({ gradient: gradient! }).gradients(rollout, rows);
    const [all, last, repeated] = [
      of({ type: 'last' }),
      of({ type: 'last', steps: 1 }),
      of({ type: 'draft-lv', repeats: 1 }),
    ];
    // Steps with gradient run in a separate program: equal up to rounding.
    for (const [name, scores] of Object.entries(all.scores))
      scores.forEach((score, i) => expect(last.scores[name]![i]).toBeCloseTo(score, 5));
    expect(largest(last.gradients[TEXT_ENCODER]!, all.gradients[TEXT_ENCODER]!)).toBeGreaterThan(1e-6);
    expect(repeated.gradients).toEqual(last.gradients);
    const twice = of({ type: 'draft-lv', repeats: 2 });
    expect(twice.scores).not.toEqual(last.scores);
    // A second score of the same step: near the gradient of the first alone, but different.
    const [one, both] = [last.gradients[TEXT_ENCODER]!, twice.gradients[TEXT_ENCODER]!];
    expect(largest(one, both)).toBeGreaterThan(1e-3 * norm(one));
    expect(norm(both) / norm(one)).toBeGreaterThan(0.2);
    expect(norm(both) / norm(one)).toBeLessThan(5);
  });
});

describe('guidance', () => {
  /** @param empty what stands for the empty prompt */
  const tuned = async (guidance: number, empty = '', activationBytes = 0): Promise<Trainer> => {
    const sampler = { ...settings.sampler, guidance };
    const pipeline = await loadPipeline(at('model'));
    const plain = textToImage(pipeline, await loadRewards(settings.rewards), { ...settings, sampler });
    const of: Generator['encodeInputs']['of'] = (prompts, draw) => {
      const given = plain.encodeInputs.of(prompts, draw);
      const { ids } = plain.encodeInputs.of([empty, empty], draw);
      return { ...given, emptyIds: tf.slice(ids!, [0, 0], [1, -1]) };
    };
    const changed = { ...plain, encodeInputs: { ...plain.encodeInputs, of } };
    return new Trainer(changed, { ...base, trained: [encoder], activationBytes });
  };
  const gradientOf = async (...how: Parameters<typeof tuned>) => {
    const { loss, gradients } = (await tuned(...how)).gradients(rollout, rows);
    return { loss, gradient: gradients[TEXT_ENCODER]! };
  };

  it('of 1 turns guidance off: the empty prompt then does not affect the gradient', async () => {
    for (const activationBytes of [0, 2 ** 30]) {
      const without = await gradientOf(1, '', activationBytes);
      expect(await gradientOf(1, 'a large blue square', activationBytes)).toEqual(without);
      // With guidance it has.
      const [guided, other] = [await gradientOf(3, '', activationBytes), await gradientOf(3, 'a large blue square')];
      expect(largest(other.gradient, guided.gradient)).toBeGreaterThan(1e-3 * norm(guided.gradient));
      expect(largest(guided.gradient, without.gradient)).toBeGreaterThan(1e-3 * norm(without.gradient));
    }
  });

  it('of 1 gives the gradient of finite differences of the loss', async () => {
    const trainer = await tuned(1);
    const gradient = trainer.gradients(rollout, rows).gradients[TEXT_ENCODER]!;
    const length = norm(gradient);
    const lossAt = (by: number): number => {
      const moved = [...generator.networks[TEXT_ENCODER]!.weights].map(([name, { shape, data }]) => {
        const along = gradient.get(name)?.data;
        return [name, { shape, data: along ? data.map((v, i) => v + (by * along[i]!) / length) : data }] as const;
      });
      trainer.program.load(TEXT_ENCODER, new Map(moved));
      return trainer.gradients(rollout, rows).loss;
    };
    const slope = (lossAt(2e-2) - lossAt(-2e-2)) / 4e-2;
    expect(length).toBeGreaterThan(0);
    expect(Math.abs(slope / length - 1)).toBeLessThan(0.02);
  });
});

describe('low-rank adapters', () => {
  it('start at the original network, and give the same results merged into it', () => {
    const lora = { rank: 2, alpha: 4, targets: ['q_proj', 'v_proj'] };
    const adapted = make({ trained: [{ ...encoder, lora }] });
    const full = make({});
    expect(adapted.gradients(rollout, rows).loss).toBeCloseTo(full.gradients(rollout, rows).loss, 4);
    for (const step of [1, 2, 3]) adapted.step(step, rollout, rows, 1);
    const { weights, adapters } = adapted.tuned(TEXT_ENCODER);
    expect([...adapters!.keys()].map((layer) => layer.split('.').at(-1)).sort()).toEqual(['q_proj', 'v_proj']);
    full.program.load(TEXT_ENCODER, weights);
    const [ours, merged] = [adapted.gradients(rollout, rows), full.gradients(rollout, rows)];
    expect(Math.abs(ours.loss / merged.loss - 1)).toBeLessThan(1e-5);
    const { deltaNorm } = adapted.step(4, rollout, rows, 0);
    expect(deltaNorm[TEXT_ENCODER]! / full.step(1, rollout, rows, 0).deltaNorm[TEXT_ENCODER]!).toBeCloseTo(1, 4);
  });

  it('need a layer to adapt', () => {
    const lora = { rank: 2, alpha: 4, targets: ['query'] };
    expect(() => make({ trained: [{ ...encoder, lora }] })).toThrow(/No linear layer of .* lora.targets: query/);
  });
});

describe('the moving average', () => {
  it('is kept: it lags behind, starting from the original network', () => {
    const [plain, averaged] = [make({}), make({ averageDecay: 0.5 })];
    const start = averaged.tuned(TEXT_ENCODER).weights;
    expect(largest(start, generator.networks[TEXT_ENCODER]!.weights)).toBe(0);
    let expected = start;
    for (const step of [1, 2, 3]) {
      for (const trainer of [plain, averaged]) trainer.step(step, rollout, rows, 1);
      const decay = Math.min(0.5, (1 + step) / (10 + step));
      const now = plain.tuned(TEXT_ENCODER).weights;
      expected = new Map(
        [...expected].map(([name, { shape, data }]) => [
          name,
          { shape, data: data.map((x, i) => decay * x + (1 - decay) * now.get(name)!.data[i]!) },
        ]),
      );
    }
    expect(largest(averaged.tuned(TEXT_ENCODER).weights, expected)).toBeLessThan(1e-6);
  });
});

describe('the pull of the parameters', () => {
  it('adds the gradient of their squared distance from the original ones', () => {
    const trained = [{ name: UNET, learningRate: 1e-3 }];
    const trainer = make({ trained, weightPull: 1e4, optimizer: { ...ADAMW, gradientClip: 1e9 } });
    trainer.step(1, rollout, rows, 1);
    const { gradientNorm, deltaNorm } = trainer.step(2, rollout, rows, 0);
    expect(gradientNorm[UNET]! / (2e4 * deltaNorm[UNET]!)).toBeCloseTo(1, 1);
  });
});
