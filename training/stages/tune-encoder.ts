import { appendFile, cp, mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CancelledError, RunError } from '../../common/errors.ts';
import { writeFileAtomic } from '../../common/files.ts';
import { keyedPermutation } from '../../datasets/permutation.ts';
import { writeWeights } from '../../engine/weights.ts';
import { loadPipeline } from '../../models/pipeline.ts';
import type { SamplerSettings } from '../../models/sampler.ts';
import type { StageBody } from '../../pipeline/stage.ts';
import { loadRewards } from '../../rewards/registry.ts';
import type { RewardSpec } from '../../rewards/reward.ts';
import { ADAMW } from '../adamw.ts';
import { readLastCheckpoint, writeCheckpoint } from '../checkpoint.ts';
import { readRollout } from '../rollout.ts';
import { Trainer, type StepMetrics } from '../trainer.ts';
import { TUNED } from '../tuning-program.ts';

export interface TuneEncoderSettings {
  model: string;
  sampler: SamplerSettings;
  rewards: RewardSpec[];
  steps: number;
  batch: number;
  learningRate: number;
  /** Steps over which the learning rate grows to its full size. */
  warmup: number;
  weightDecay: number;
  /** Largest global norm of the gradient. */
  gradientClip: number;
  /** Weight of the mean squared distance of the embeddings from the original ones. */
  embeddingPull: number;
  /** Steps between checkpoints to resume from. */
  checkpointEvery: number;
  /** Steps between the encoders that the sweep chooses from. */
  keepEvery: number;
}

const stepFolder = (step: number) => `step-${String(step).padStart(6, '0')}`;

/**
 * Tunes the text encoder by the gradient of the rewards. Killed at any time and run again with the same scratch folder,
 * it ends with the same files: step n depends on the seed, n and the state after step n - 1 alone.
 */
export const run: StageBody<TuneEncoderSettings, 'shard' | 'rollout'> = async ({
  config,
  seed,
  inputs,
  output,
  scratch,
  progress,
  signal,
}) => {
  const pipeline = await loadPipeline(config.model);
  const rewards = await loadRewards(config.rewards);
  const rollout = await readRollout(inputs.rollout);
  const { batch, steps } = config;
  const optimizer = { ...ADAMW, weightDecay: config.weightDecay, gradientClip: config.gradientClip };
  const trainer = new Trainer(pipeline, rewards, {
    batch,
    sampler: config.sampler,
    embeddingPull: config.embeddingPull,
    optimizer,
  });

  const metricsPath = join(scratch, 'metrics.jsonl');
  const checkpoints = join(scratch, 'checkpoints');
  const kept = join(scratch, 'kept');
  await mkdir(kept, { recursive: true });
  const checkpoint = await readLastCheckpoint(checkpoints, (message) => progress({ step: 0, total: steps, message }));
  if (checkpoint) {
    trainer.program.load(TUNED, checkpoint.weights);
    trainer.program.load('state', checkpoint.state);
    await truncate(metricsPath, checkpoint.metricsBytes);
  } else await writeFile(metricsPath, '');

  const save = async (step: number): Promise<void> => {
    const metricsBytes = (await stat(metricsPath)).size;
    await writeCheckpoint(checkpoints, {
      step,
      weights: trainer.program.read(TUNED),
      state: trainer.program.read('state'),
      metricsBytes,
    });
  };
  for (let step = (checkpoint?.step ?? 0) + 1; step <= steps; step++) {
    if (signal.aborted) {
      await save(step - 1);
      throw new CancelledError(`Tuning was stopped after step ${step - 1} of ${steps}; it goes on from there.`);
    }
    const learningRate = config.learningRate * Math.min(1, step / Math.max(1, config.warmup));
    const metrics = trainer.step(step, rollout, rowsOf(step, batch, rollout.samples.length, seed), learningRate);
    await appendFile(metricsPath, `${JSON.stringify(metricsLine(metrics))}\n`);
    if (step % config.keepEvery === 0 || step === steps) {
      await mkdir(join(kept, stepFolder(step)), { recursive: true });
      await writeWeights(join(kept, stepFolder(step), 'model.safetensors'), trainer.program.read(TUNED));
    }
    if (step % config.checkpointEvery === 0 || step === steps) await save(step);
    progress({
      step,
      total: steps,
      message: 'steps',
      metrics: { loss: metrics.loss, deltaNorm: metrics.deltaNorm, ...metrics.rewards },
    });
  }

  const lines = (await readFile(metricsPath, 'utf8')).trimEnd().split('\n');
  const last = JSON.parse(lines.at(-1)!) as { deltaNorm: number };
  if (!(last.deltaNorm > 0))
    throw new RunError(
      'The encoder did not change: the gradient of the rewards is zero. Check the rewards and their weights.',
    );
  await cp(kept, join(output, 'encoder'), { recursive: true });
  const final = join(output, 'encoder', 'final');
  await mkdir(final, { recursive: true });
  await cp(join(config.model, 'text_encoder', 'config.json'), join(final, 'config.json'));
  await cp(join(kept, stepFolder(steps), 'model.safetensors'), join(final, 'model.safetensors'));
  await cp(metricsPath, join(output, 'metrics.jsonl'));
  await writeFileAtomic(join(output, 'summary.json'), JSON.stringify({ steps, deltaNorm: last.deltaNorm }));
};

/** A line of metrics.jsonl: the rewards as `reward.NAME`. */
function metricsLine({ rewards, ...rest }: StepMetrics): Record<string, number> {
  return { ...rest, ...Object.fromEntries(Object.entries(rewards).map(([name, mean]) => [`reward.${name}`, mean])) };
}

/** The rollout samples of a step: a pass over all of them in an order of its own, then the next pass. */
function rowsOf(step: number, batch: number, samples: number, seed: number): number[] {
  return Array.from({ length: batch }, (_, i) => {
    const place = (step - 1) * batch + i;
    const epoch = Math.floor(place / samples);
    return keyedPermutation(samples, [seed, epoch])(place % samples);
  });
}
