import { expect, it } from 'vitest';
import { readSafetensors } from '../../engine/weights/safetensors.ts';
import { TEXT_ENCODER, UNET } from '../../training/generator/text-to-image.ts';
import { gradientStep } from '../../training/gradient-step.ts';
import { goldenPath, readGoldenJson, readGoldenStep } from '../models/golden.ts';

/** Keys of the scheduler's file by case, from make-step.py. */
const cases = Object.entries(await readGoldenJson<Record<string, Record<string, unknown>>>('step/schedulers.json'));
const golden = await readSafetensors(goldenPath('step/golden-schedulers.safetensors'));
const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));

it.each(cases)("under the scheduler of %s (%o) loss, rewards and gradients are torch's", async (name, keys) => {
  const { pipeline, rewards, start } = await readGoldenStep();
  const { json, source } = pipeline.config.scheduler;
  const config = { ...pipeline.config, scheduler: { source, json: { ...json, ...keys } } };
  const found = gradientStep({ ...pipeline, config }, rewards, { ...start, train: [TEXT_ENCODER, UNET] });

  const ours = new Map<string, Float32Array>([['loss', Float32Array.of(found.loss)]]);
  for (const [reward, scores] of Object.entries(found.scores)) ours.set(`reward.${reward}`, scores);
  for (const [network, gradients] of Object.entries(found.gradients))
    for (const [parameter, { data }] of gradients)
      ours.set(`grad.${network}.${parameter.replace('text_model.', '')}`, data);
  const names = golden.names.filter((each) => each.startsWith(`${name}: `));
  expect(names.length).toBeGreaterThan(15);
  for (const each of names) {
    const theirs = golden.float32(each);
    const own = ours.get(each.slice(name.length + 2))!;
    expect(own, each).toHaveLength(theirs.length);
    expect(norm(own.map((x, i) => x - theirs[i]!)) / norm(theirs), each).toBeLessThan(
      each.includes(': grad.') ? 1e-3 : 1e-4,
    );
  }
});
