import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { WeightParameters } from '../setup/weight-parameters.ts';
import { type Weights } from '../../engine/weights/weights.ts';
import { PictureGenerator, type Arm } from '../../evaluation/pictures/picture-generator.ts';
import { clipText } from '../../models/clip/clip-text.ts';
import { startNoise } from '../../models/sampling/noise.ts';
import type { LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import { stepNumbers } from '../../models/sampling/one-step.ts';
import { solverPlan } from '../../models/sampling/solver.ts';
import { unet2dCondition } from '../../models/unet/unet.ts';
import { vaeDecode } from '../../models/vae/vae.ts';
import { smallPipeline, tuned } from './small-pipeline.ts';

const folder = mkdtempSync(join(tmpdir(), 'textcraftor-generator-'));
const sampler = { steps: 4, guidance: 3, gradientSteps: 2 };
const prompts = [
  { id: 'a', prompt: 'a small red circle' },
  { id: 'b', prompt: 'two dogs' },
];
let pipeline: LoadedPipeline;
let generator: PictureGenerator;
let other: Weights;
beforeAll(async () => {
  pipeline = await smallPipeline(folder);
  generator = new PictureGenerator(pipeline, sampler, 5, 3);
  other = tuned(pipeline.weights.textEncoder, 0.1);
});
afterAll(() => {
  generator.dispose();
  rmSync(folder, { recursive: true });
});

/** Makes the picture of one prompt with a plain sampler: `late` encodes in the last K steps. */
function reference(prompt: (typeof prompts)[number], late: Weights, blend: number): number[] {
  const p = (weights: Weights) => new WeightParameters(weights, 'test');
  const ids = tf.tensor2d(pipeline.tokenizer.batch(['', prompt.prompt]), [2, 16], 'int32');
  const embed = (weights: Weights) => clipText(p(weights), pipeline.config.textEncoder, ids).hidden;
  const original = embed(pipeline.weights.textEncoder);
  const mixed = embed(late)
    .mul(blend)
    .add(original.mul(1 - blend));
  const steps = stepNumbers(solverPlan('ddim', pipeline.config.scheduler, 4));
  let z: Tensor = tf.tensor4d(startNoise(5, prompt.id, 1, [8, 8, 4]), [1, 8, 8, 4]);
  steps.forEach(([t, a, b], i) => {
    const context = i < 2 ? original : mixed;
    const sample = tf.concat([z, z], 0);
    const eps = unet2dCondition(p(pipeline.weights.unet), pipeline.config.unet, {
      sample,
      timestep: tf.fill([2], t),
      context,
    });
    const [uncond, cond] = tf.split(eps, 2) as [Tensor, Tensor];
    z = z.mul(a).add(uncond.add(cond.sub(uncond).mul(3)).mul(b));
  });
  const image = vaeDecode(p(pipeline.weights.vae), pipeline.config.vae, z.div(pipeline.config.vae.scaling_factor!));
  return [...image.div(2).add(0.5).clipByValue(0, 1).dataSync()];
}

describe('PictureGenerator', () => {
  it('makes the pictures of the plain sampler, with the original and with blended embeddings', () => {
    const original = generator.embed(pipeline.weights.textEncoder, prompts, folder);
    const late = generator.embed(other, prompts, 'test');
    const items = [1, 0].map((prompt) => ({ prompt, sample: 1 }));
    const base: Arm = { name: 'base', terms: [{ embeddings: original, weight: 1 }] };
    const latents = generator.firstSteps(prompts, items, base);
    const arms: [number, Arm][] = [
      [0, { name: 'base', terms: [{ embeddings: original, weight: 1 }] }],
      [1, { name: 'tuned', terms: [{ embeddings: late, weight: 1 }] }],
      [0.5, { name: 'blend', terms: [original, late].map((embeddings) => ({ embeddings, weight: 0.5 })) }],
    ];
    const pixels = 32 * 32 * 3;
    const seen = new Set<string>();
    for (const [blend, arm] of arms) {
      const pictures = generator.lastSteps(latents, items, arm);
      expect(pictures).toHaveLength(2 * pixels);
      items.forEach(({ prompt }, i) => {
        const expected = reference(prompts[prompt]!, other, blend);
        const picture = pictures.subarray(i * pixels, (i + 1) * pixels);
        expect(Math.max(...expected.map((value, k) => Math.abs(value - picture[k]!)))).toBeLessThan(1e-3);
        seen.add(expected.slice(0, 50).join());
      });
    }
    expect(seen.size).toBe(6);
  });

  it("uses an arm's embeddings in its number of last steps", () => {
    const base: Arm = {
      name: 'base',
      terms: [{ embeddings: generator.embed(pipeline.weights.textEncoder, prompts, folder), weight: 1 }],
    };
    const late: Arm = { name: 'late', terms: [{ embeddings: generator.embed(other, prompts, 'test'), weight: 1 }] };
    const items = [{ prompt: 0, sample: 0 }];
    const latents = generator.firstSteps(prompts, items, base);
    const make = (arm: Arm) => generator.lastSteps(latents, items, arm, base);
    const [none, one, two] = [0, 1, 2].map((lastSteps) => make({ ...late, lastSteps }));
    expect(none).toEqual(make(base));
    expect(two).toEqual(make(late));
    expect(one).not.toEqual(none);
    expect(one).not.toEqual(two);
  });

  it('uses them with a multistep scheduler, which starts from the noise', () => {
    const pndm = new PictureGenerator(pipeline, { ...sampler, scheduler: 'pndm' }, 5, 1);
    const embed = (encoder: Weights) => [{ embeddings: pndm.embed(encoder, prompts, 'test'), weight: 1 }];
    const base: Arm = { name: 'base', terms: embed(pipeline.weights.textEncoder) };
    const late: Arm = { name: 'late', terms: embed(other) };
    const items = [{ prompt: 0, sample: 0 }];
    const noise = pndm.firstSteps(prompts, items, base);
    expect([...noise.dataSync()]).toEqual([...startNoise(5, 'a', 0, [8, 8, 4])]);
    const make = (arm: Arm) => pndm.lastSteps(noise, items, arm, base);
    // PNDM's four steps are thirteen evaluations, three of the steps being Runge-Kutta's.
    const [none, some, all] = [0, 2, 13].map((lastSteps) => make({ ...late, lastSteps }));
    expect(none).toEqual(make(base));
    expect(some).toEqual(make(late)); // K = 2
    expect(all).toEqual(pndm.lastSteps(noise, items, late));
    expect(new Set([none, some, all].map((picture) => picture!.slice(0, 50).join())).size).toBe(3);
    pndm.dispose();
  });

  it('makes a picture that does not depend on the rest of the batch', () => {
    const original = generator.embed(pipeline.weights.textEncoder, prompts, folder);
    const base: Arm = { name: 'base', terms: [{ embeddings: original, weight: 1 }] };
    const make = (items: { prompt: number; sample: number }[]) =>
      generator.lastSteps(generator.firstSteps(prompts, items, base), items, base).subarray(0, 32 * 32 * 3);
    const alone = make([{ prompt: 0, sample: 0 }]);
    const together = make([0, 1, 2].map((sample) => ({ prompt: 0, sample })));
    expect(Math.max(...alone.map((value, k) => Math.abs(value - together[k]!)))).toBeLessThan(1e-4);
  });
});
