/** npx tsx examples/text-to-video/run.ts [steps]: tunes the embedded world's encoder on videos of four frames. */
import { join } from 'node:path';
import { RandomStream } from '../../common/random.ts';
import { loadPipeline } from '../../models/folder/pipeline-folder.ts';
import { loadRewards } from '../../rewards/reward-types.ts';
import { ADAMW } from '../../training/optimizer/adamw.ts';
import { Trainer } from '../../training/trainer.ts';
import { textToVideo, videoNoise } from './generator.ts';

const world = (...path: string[]) => join(import.meta.dirname, '../../world', ...path);
const steps = Number(process.argv[2] ?? 20);
const [videos, frames] = [2, 4];
const sampler = { steps: 8, guidance: 3, gradientSteps: 3 };
const prompts = [
  'a large red circle in the center on a white background',
  'a small blue square in the center on a black background',
];

const rewards = await loadRewards([{ name: 'clip', type: 'clip-similarity', model: world('clip'), weight: 100 }]);
const generator = textToVideo(await loadPipeline(world('base')), rewards, { videos, frames, sampler, smoothness: 300 });
const trainer = new Trainer(generator, {
  trained: [{ name: 'text_encoder', learningRate: 1e-4 }],
  gradientSteps: sampler.gradientSteps,
  embeddingPull: 0,
  optimizer: ADAMW,
});
const noise = videoNoise(
  (count) => new RandomStream(1, 'video', count).normal(count),
  [videos, frames],
  generator.latents.slice(1),
);
const rollout = trainer.rollout(prompts, noise);
for (let step = 1; step <= steps; step++) {
  const { loss, rewards: means } = trainer.step(step, rollout, [0, 1], 1);
  process.stdout.write(
    `step ${step} loss ${loss.toFixed(3)} clip ${means['clip']!.toFixed(3)} smoothness ${means['smoothness']!.toFixed(5)}\n`,
  );
}
