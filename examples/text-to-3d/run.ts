/**
 * npx tsx examples/text-to-3d/run.ts [steps] [folder]: trains scenes on the embedded world's CLIP, and renders them.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodePng } from '../../common/pictures/png.ts';
import { product } from '../../common/product.ts';
import { RandomStream } from '../../common/random.ts';
import { tf } from '../../engine/tensorflow.ts';
import { loadPipeline } from '../../models/folder/pipeline-folder.ts';
import { loadRewards } from '../../rewards/reward-types.ts';
import { ADAMW } from '../../training/optimizer/adamw.ts';
import { Trainer } from '../../training/trainer.ts';
import { textToScene } from './generator.ts';
import { FRONT, render, sceneOf, SIDE } from './renderer.ts';

const world = (...path: string[]) => join(import.meta.dirname, '../../world', ...path);
const [steps, folder] = [Number(process.argv[2] ?? 200), process.argv[3]];
const prompts = [
  'a large red circle in the center on a white background',
  'a large blue circle in the center on a white background',
];
const settings = { scenes: 2, blobs: 12, refinements: 3, size: 32 };

const rewards = await loadRewards([{ name: 'clip', type: 'clip-similarity', model: world('clip'), weight: 10 }]);
const generator = textToScene(await loadPipeline(world('base')), rewards, settings);
const trainer = new Trainer(generator, {
  trained: [{ name: 'scene', learningRate: 3e-3 }],
  gradientSteps: settings.refinements,
  embeddingPull: 0,
  optimizer: ADAMW,
});
const noise = tf.tensor(new RandomStream(1, 'scene').normal(product(generator.latents)), [...generator.latents]);
const rollout = trainer.rollout(prompts, noise);
for (let step = 1; step <= steps; step++) {
  const { loss, rewards: means } = trainer.step(step, rollout, [0, 1], 1);
  if (step % 20 === 0 || step === 1)
    process.stdout.write(`step ${step} loss ${loss.toFixed(3)} clip ${means['clip']!.toFixed(3)}\n`);
}

if (folder !== undefined) {
  const embeddings = trainer.program.run('encode', generator.encodeInputs.of(prompts));
  let z = noise;
  for (const numbers of generator.steps)
    z = trainer.program.run('step', { z, step: tf.tensor1d([...numbers]), ...embeddings })['z']!;
  const scene = sceneOf(z);
  await mkdir(folder, { recursive: true });
  for (const [name, view] of Object.entries({ front: FRONT, side: SIDE })) {
    const size = 128;
    const pixels = render(scene, view, size).dataSync() as Float32Array;
    const each = size * size * 3;
    for (const i of prompts.keys())
      await writeFile(join(folder, `${i}-${name}.png`), encodePng(pixels.slice(i * each, (i + 1) * each), size, size));
  }
}
