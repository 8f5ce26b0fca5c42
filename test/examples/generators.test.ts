import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../common/random.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import { textToScene } from '../../examples/text-to-3d/generator.ts';
import { FRONT, render, SIDE, type Scene } from '../../examples/text-to-3d/renderer.ts';
import { smoothness, textToVideo, videoNoise } from '../../examples/text-to-video/generator.ts';
import { loadRewards } from '../../rewards/reward-types.ts';
import type { LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import type { LoadedReward } from '../../rewards/reward.ts';
import { ADAMW } from '../../training/optimizer/adamw.ts';
import type { Generator } from '../../training/generator/generator.ts';
import { Trainer } from '../../training/trainer.ts';
import { smallPipeline } from '../evaluation/small-pipeline.ts';
import { writeSmallClip } from '../rewards/small-clip.ts';

const folder = mkdtempSync(join(tmpdir(), 'textcraftor-examples-'));
let pipeline: LoadedPipeline;
let rewards: LoadedReward[];
beforeAll(async () => {
  pipeline = await smallPipeline(join(folder, 'model'));
  await writeSmallClip(join(folder, 'clip'));
  rewards = await loadRewards([{ name: 'clip', type: 'clip-similarity', model: join(folder, 'clip'), weight: 10 }]);
});
afterAll(() => rmSync(folder, { recursive: true }));

const prompts = ['a small red circle', 'two dogs'];
const normal = (count: number) => new RandomStream(2, 'test', count).normal(count);

/** The gradient of the trained network agrees with finite differences, and steps along it raise the rewards. */
function expectTrains(generator: Generator, name: string, noise: Tensor, distance: number) {
  const gradientSteps = 2;
  const trainer = new Trainer(generator, {
    trained: [{ name, learningRate: 2e-3 }],
    gradientSteps,
    embeddingPull: 0,
    optimizer: ADAMW,
  });
  const rollout = trainer.rollout(prompts, noise);
  const { gradients, loss } = trainer.gradients(rollout, [0, 1]);
  const gradient = gradients[name]!;
  const norm = Math.sqrt(
    [...gradient.values()].reduce((sum, { data }) => sum + data.reduce((a, b) => a + b * b, 0), 0),
  );
  const start = trainer.program.read(name);
  const lossAt = (by: number) => {
    const moved: Weights = new Map(
      [...start].map(([key, { shape, data }]) => [
        key,
        { shape, data: data.map((x, i) => x + (by * (gradient.get(key)?.data[i] ?? 0)) / norm) },
      ]),
    );
    trainer.program.load(name, moved);
    return trainer.gradients(rollout, [0, 1]).loss;
  };
  const slope = (lossAt(distance) - lossAt(-distance)) / (2 * distance);
  expect(Math.abs(slope / norm - 1)).toBeLessThan(0.03);
  trainer.program.load(name, start);
  for (let step = 1; step <= 10; step++) trainer.step(step, rollout, [0, 1], 1);
  expect(trainer.gradients(rollout, [0, 1]).loss).toBeLessThan(loss);
}

describe('text to video', () => {
  it('rewards frames that follow each other smoothly', () => {
    const still = tf.ones([2, 3, 4, 4, 3]);
    expect([...smoothness(still as never).dataSync()]).toEqual([-0, -0]);
    const blinking = tf.tensor([0, 1, 0]).reshape([1, 3, 1, 1, 1]).tile([1, 1, 4, 4, 3]);
    expect([...smoothness(blinking as never).dataSync()]).toEqual([-1]);
  });

  it('is trained by the same trainer as pictures', () => {
    const sampler = { steps: 3, guidance: 3, gradientSteps: 2 };
    const generator = textToVideo(pipeline, rewards, { videos: 2, frames: 3, sampler, smoothness: 20 });
    expectTrains(generator, 'text_encoder', videoNoise(normal, [2, 3], [8, 8, 4]), 1e-2);
  });
});

describe('text to 3D', () => {
  const scene = (place: [number, number, number]): Scene => ({
    places: tf.tensor([place], [1, 1, 3]) as never,
    sizes: tf.tensor([0.15], [1, 1, 1]) as never,
    colors: tf.tensor([1, 0, 0], [1, 1, 3]) as never,
  });
  /** Finds the least green pixel of a view, as [row, column]. */
  const darkest = (view: typeof FRONT, place: [number, number, number]) => {
    const green = render(scene(place), view, 16).slice([0, 0, 0, 1], [1, 16, 16, 1]).dataSync();
    const at = green.indexOf(Math.min(...green));
    return [Math.floor(at / 16), at % 16];
  };

  it('shows a blob where it is, from the front and from the side', () => {
    expect(darkest(FRONT, [0.5625, 0.4375, -0.3125])).toEqual([4, 12]);
    expect(darkest(SIDE, [0.5625, 0.4375, -0.3125])).toEqual([4, 5]);
  });

  it('hides blobs behind others', () => {
    const two: Scene = {
      places: tf.tensor([0, 0, -0.8, 0, 0, 0.8], [1, 2, 3]) as never,
      sizes: tf.fill([1, 2, 1], 0.3) as never,
      colors: tf.tensor([1, 0, 0, 0, 0, 1], [1, 2, 3]) as never,
    };
    const [red, , blue] = render(two, FRONT, 9).slice([0, 4, 4, 0], [1, 1, 1, 3]).dataSync();
    expect(blue! - red!).toBeGreaterThan(0.7);
  });

  it('is trained by the same trainer as pictures', () => {
    const generator = textToScene(pipeline, rewards, { scenes: 2, blobs: 5, refinements: 2, size: 16 });
    expectTrains(generator, 'scene', tf.tensor(normal(2 * 5 * 7), [2, 5, 7]), 1e-3);
  });
});
