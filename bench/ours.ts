/**
 * Measures this project's training step: `node --import tsx bench/ours.ts SPECIFICATION.json` prints one JSON object.
 */
import { readFileSync } from 'node:fs';
import type { StepMeasurement, StepSpecification, Timing } from './specification.ts';

const spec = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as StepSpecification;

const { setLanes } = await import('../engine/lanes.ts');
const { tf } = await import('../engine/tensorflow.ts');
const { readSafetensors } = await import('../engine/weights/safetensors.ts');
const { writeWeights } = await import('../engine/weights/weights.ts');
const { loadPipeline } = await import('../models/folder/pipeline-folder.ts');
const { loadRewards } = await import('../rewards/reward-types.ts');
const { ADAMW } = await import('../training/optimizer/adamw.ts');
const { gradientStep } = await import('../training/gradient-step.ts');
const { TEXT_ENCODER, textToImage } = await import('../training/generator/text-to-image.ts');
const { Rollout } = await import('../training/rollout/rollout-samples.ts');
const { Trainer } = await import('../training/trainer.ts');
const imported = performance.now();
setLanes(spec.lanes);

const pipeline = await loadPipeline(spec.model);
const rewards = await loadRewards(spec.rewards);
const file = await readSafetensors(spec.latents);
const noise = tf.tidy(() =>
  tf
    .tensor(file.float32('latents'), file.info('latents').shape as [number, number, number, number])
    .transpose([0, 2, 3, 1]),
);
const { prompts, steps, gradSteps: gradientSteps, guidance } = spec;
const sampler = { steps, gradientSteps, guidance };
const peakBytes = () => process.resourceUsage().maxRSS * 1024;

if (spec.saveTensors) {
  const { loss, scores, gradients } = gradientStep(pipeline, rewards, {
    sampler,
    prompts,
    noise,
    train: [TEXT_ENCODER],
  });
  const all = new Map([...gradients[TEXT_ENCODER]!].map(([name, t]) => [`grad.${name}`, t]));
  all.set('loss', { shape: [1], data: Float32Array.of(loss) });
  for (const [name, data] of Object.entries(scores)) all.set(`reward.${name}`, { shape: [prompts.length], data });
  await writeWeights(spec.saveTensors, all);
  console.log(JSON.stringify({ peakBytes: peakBytes() }));
} else console.log(JSON.stringify(measure()));

function measure(): StepMeasurement {
  const loaded = performance.now();
  const [batch, height, width] = noise.shape as [number, number, number, number];
  const generator = textToImage(pipeline, rewards, { batch, latentSize: [height, width], sampler });
  const trained = [{ name: TEXT_ENCODER, learningRate: spec.learningRate }];
  const trainer = new Trainer(generator, { trained, gradientSteps, embeddingPull: 0, optimizer: ADAMW });
  const compiled = performance.now();
  const samples = prompts.map((prompt, i) => ({ id: String(i), prompt, sample: 0 }));
  const rows = samples.map((_, i) => i);
  const timings: Timing[] = [];
  for (let step = 1; step <= spec.repeats + 1; step++) {
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    const rollout = spec.fromRollout
      ? new Rollout({ shape: noise.shape.slice(1), samples, latents: noise.dataSync() as Float32Array })
      : trainer.rollout(prompts, noise);
    const { loss } = trainer.step(step, rollout, rows, 1);
    const { user, system } = process.cpuUsage(cpu);
    timings.push({ wall: (performance.now() - start) / 1000, cpu: (user + system) / 1e6, loss });
  }
  const startUp = { import: imported, load: loaded - imported, compile: compiled - loaded };
  for (const key of Object.keys(startUp) as (keyof typeof startUp)[]) startUp[key] /= 1000;
  return { startUp, first: timings[0]!, steps: timings.slice(1), peakBytes: peakBytes() };
}
