import { join } from 'node:path';
import { InputError } from '../../common/errors.ts';
import { readSplit } from '../../datasets/shards/shards.ts';
import { tf } from '../../engine/tensorflow.ts';
import { startNoise } from '../../models/sampling/noise.ts';
import type { LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import { Alarm, type AlarmSettings } from './alarm.ts';
import { TOTAL } from './collapse.ts';
import { HELD_OUT, type Observer } from './observer.ts';
import { Rollout } from '../rollout/rollout-samples.ts';
import type { TuneSettings } from '../tune-settings.ts';
import type { Trainer } from '../trainer.ts';

export interface AlarmParts {
  pipeline: LoadedPipeline;
  config: TuneSettings;
  alarm: AlarmSettings;
  /** Before its first step. */
  trainer: Trainer;
  observer: Observer;
  watch: { shards: string; scratch: string };
  seed: number;
}

/** Opens an alarm on the first validation prompts, which are a random sample, and measures the base. */
export async function openAlarm({
  pipeline,
  config,
  alarm,
  trainer,
  observer,
  watch,
  seed,
}: AlarmParts): Promise<Alarm> {
  const prompts = await readSplit(watch.shards, 'validation', alarm.prompts);
  if (prompts.length < 2)
    throw new InputError(
      'The alarm needs validation prompts. Give more prompts, raise shard.validation, or leave out alarm.',
    );
  const samples = prompts.flatMap(({ id, prompt }) =>
    Array.from({ length: alarm.samplesPerPrompt }, (_, sample) => ({ id, prompt, sample })),
  );
  const judge = config.heldOut ? HELD_OUT : TOTAL;
  const similarities = config.rewards.filter(({ type }) => type === 'clip-similarity').map(({ name }) => name);
  return Alarm.measureBase(
    {
      settings: { ...alarm, prompts: prompts.length },
      observer,
      rollout: firstSteps(pipeline, trainer, samples, observer.batch, seed),
      gradientSteps: config.sampler.gradientSteps,
      weights: Object.fromEntries(config.rewards.map(({ name, weight }) => [name, weight])),
      guards: [...(config.heldOut ? [HELD_OUT] : []), ...similarities],
      judge,
      seed,
    },
    join(watch.scratch, 'validation.jsonl'),
  );
}

/** Computes the first T - K steps of the samples, a batch at a time. */
function firstSteps(
  pipeline: LoadedPipeline,
  trainer: Trainer,
  samples: Rollout['samples'],
  batch: number,
  seed: number,
): Rollout {
  const { sample_size: side, in_channels: channels } = pipeline.config.unet;
  const shape: [number, number, number] = [side, side, channels];
  const size = side * side * channels;
  const latents = new Float32Array(samples.length * size);
  for (let first = 0; first < samples.length; first += batch) {
    const rows = Array.from({ length: batch }, (_, i) => samples[Math.min(first + i, samples.length - 1)]!);
    const noise = new Float32Array(batch * size);
    rows.forEach(({ id, sample }, i) => noise.set(startNoise(seed, id, sample, shape), i * size));
    const start = tf.tensor4d(noise, [batch, ...shape]);
    const part = trainer.rollout(
      rows.map(({ prompt }) => prompt),
      start,
    );
    start.dispose();
    latents.set(part.latents.subarray(0, Math.min(batch, samples.length - first) * size), first * size);
  }
  return new Rollout({ shape, samples, latents });
}
