import { appendFile, cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CancelledError, RetryableError, RunError } from '../common/errors.ts';
import { faultPoint } from '../common/fault-points.ts';
import { writeFileAtomic } from '../common/files.ts';
import { keyedPermutation } from '../datasets/shards/permutation.ts';
import type { SegmentContext, StageContext } from '../pipeline/stage.ts';
import type { Alarm } from './alarm/alarm.ts';
import { readLastCheckpoint, writeCheckpoint } from './checkpoint/checkpoint.ts';
import { Companions } from './checkpoint/companions.ts';
import { requireFiniteStep } from './finite-step.ts';
import type { Rollout } from './rollout/rollout-samples.ts';
import { stepFolder, METRICS_FILE, FINAL, VALIDATION_FILE, TUNING_SUMMARY_FILE } from './training-names.ts';
import type { StepMetrics, Tuner } from './tuner.ts';

/** Settings of the training loop. */
export interface LoopSettings {
  steps: number;
  batch: number;
  learningRate: number;
  /** Number of first steps over which the learning rate rises to its full value. */
  warmup: number;
  /** Steps between checkpoints to resume from. */
  checkpointEvery: number;
  /** Steps between the networks that the sweep chooses from. */
  keepEvery: number;
}

export interface Tuning {
  tuner: Tuner;
  rollout: Rollout;
  /** The trained networks, the main one first. */
  networks: readonly string[];
  /** Watches validation prompts; it has already measured the base. */
  alarm?: Alarm | undefined;
  /** Pictures that a step scores for each sample of its batch. Default 1. */
  evaluations?: number;
  /** Called before the first step, but not when tuning continues from a checkpoint. */
  prepare?(): Promise<void>;
  /** Writes the current networks into a folder (`step-000040` or `final`) of the stage's artifact. */
  keep(root: string, name: string): Promise<void>;
}

/** Context of a stage that may run in segments. */
export type TuneContext<Settings, Input extends string = string> = StageContext<Settings, Input> &
  Partial<Pick<SegmentContext<Settings>, 'segmentEnds'>>;

/**
 * Runs the loop of a tuning stage. If it is killed at any time and run again with the same scratch folder, it ends with
 * the same files: step n depends only on the seed, n and the state after step n - 1.
 *
 * @returns 'checkpoint' at the end of a segment: call it again
 */
export async function tune(
  { config, seed, output, scratch, progress, signal, segmentEnds }: TuneContext<LoopSettings>,
  tuning: Tuning,
): Promise<void | 'checkpoint'> {
  const { tuner, rollout, networks, alarm, evaluations = 1, prepare, keep } = tuning;
  const { steps, batch } = config;
  const metricsPath = join(scratch, METRICS_FILE);
  const checkpoints = join(scratch, 'checkpoints');
  const kept = join(scratch, 'kept');
  const companions = new Companions(scratch);
  const checkpoint = await readLastCheckpoint(checkpoints, (message) => progress({ step: 0, total: steps, message }));
  await companions.goBackTo(checkpoint?.companions);
  await mkdir(kept, { recursive: true });
  if (checkpoint) tuner.restore(checkpoint);
  else await prepare?.();
  await alarm?.goOnFrom(checkpoint?.step ?? 0);

  let checkpointSeconds = 0;
  const save = async (step: number): Promise<void> => {
    const started = performance.now();
    await writeCheckpoint(checkpoints, { step, ...tuner.snapshot(), companions: await companions.digests() });
    checkpointSeconds += (performance.now() - started) / 1000;
  };
  const first = checkpoint?.step ?? 0;
  let done = first;
  let ended = alarm?.hasEnded() === true;
  progress({ step: first, total: steps, message: 'steps' });
  while (done < steps && !ended) {
    const step = done + 1;
    if (signal.aborted) {
      await save(step - 1);
      throw new CancelledError(`Tuning was stopped after step ${step - 1} of ${steps}; it will continue from there.`);
    }
    if (done > first && segmentEnds?.()) {
      await save(done);
      progress({ step: done, total: steps, message: 'steps', checkpointSeconds });
      return 'checkpoint';
    }
    const rate = Math.min(1, step / Math.max(1, config.warmup));
    const metrics = tuner.step(step, rollout, rowsOf(step, batch, rollout.samples.length, seed), rate);
    requireFiniteStep(metrics);
    const line = metricsLine(metrics, networks, config.learningRate * rate);
    await appendFile(metricsPath, `${JSON.stringify(line)}\n`);
    if (alarm) ended = await alarm.check(step);
    const final = ended || step === steps;
    if (step % config.keepEvery === 0 || final) {
      await keep(kept, stepFolder(step));
      faultPoint('network-kept');
    }
    if (step % config.checkpointEvery === 0 || final) await save(step);
    done = step;
    const { loss, deltaNorm } = line as { loss: number; deltaNorm: number };
    const measures = { loss, deltaNorm, ...metrics.rewards };
    progress({ step, total: steps, message: 'steps', metrics: measures, checkpointSeconds });
  }

  const changes = await changesOf(networks, metricsPath);
  await copyKept(kept, output, companions);
  const rewardEvaluations = done * batch * evaluations;
  await writeResults(output, metricsPath, tuning, { steps: done, rewardEvaluations, ...changes });
}

/** Copies the kept networks into the artifact. @throws RetryableError if one is damaged */
async function copyKept(kept: string, output: string, companions: Companions): Promise<void> {
  await cp(kept, output, { recursive: true });
  const damage = await companions.damageOfCopy(output);
  if (damage !== undefined)
    throw new RetryableError(`The kept networks are damaged (${damage}); tuning goes back to an earlier checkpoint.`);
}

/** Writes the final networks, the metrics and the summary. */
async function writeResults(
  output: string,
  metricsPath: string,
  { alarm, keep }: Tuning,
  summary: Line,
): Promise<void> {
  await keep(output, FINAL);
  await cp(metricsPath, join(output, METRICS_FILE));
  await alarm?.keep(join(output, VALIDATION_FILE));
  await writeFileAtomic(join(output, TUNING_SUMMARY_FILE), JSON.stringify(summary));
}

/** Reads the distances of the networks from the original ones. @throws RunError that names a network without change */
async function changesOf(networks: readonly string[], metricsPath: string): Promise<Line> {
  const last = JSON.parse((await readFile(metricsPath, 'utf8')).trimEnd().split('\n').at(-1)!) as Line;
  const changes = networks.map(
    (network, i) => [named('deltaNorm', network, i), last[named('deltaNorm', network, i)]!] as const,
  );
  const still = changes.findIndex(([, norm]) => !(norm > 0));
  if (still >= 0)
    throw new RunError(
      `The network ${networks[still]} did not change: the gradient of the rewards is zero. Check the rewards and their weights.`,
    );
  return Object.fromEntries(changes);
}

type Line = Record<string, number>;
/** Names a network's measure: plain for the main network, ending in `.NETWORK` for others. */
const named = (measure: string, network: string, index: number) => (index === 0 ? measure : `${measure}.${network}`);

/** Returns a line of metrics.jsonl; rewards are named `reward.NAME`. */
function metricsLine(metrics: StepMetrics, networks: readonly string[], learningRate: number): Line {
  const { step, loss, drift, rewards, lossScale, skipped } = metrics;
  const norms = (measure: 'gradientNorm' | 'deltaNorm') =>
    Object.fromEntries(networks.map((network, i) => [named(measure, network, i), metrics[measure][network]!]));
  return {
    step,
    loss,
    ...norms('gradientNorm'),
    ...norms('deltaNorm'),
    ...(drift === undefined ? {} : { drift }),
    ...(lossScale === undefined || skipped === undefined ? {} : { lossScale, skipped }),
    learningRate,
    ...Object.fromEntries(Object.entries(rewards).map(([name, mean]) => [`reward.${name}`, mean])),
  };
}

/** Returns the rollout samples of a step: passes over all samples, each in its own random order. */
function rowsOf(step: number, batch: number, samples: number, seed: number): number[] {
  return Array.from({ length: batch }, (_, i) => {
    const place = (step - 1) * batch + i;
    const epoch = Math.floor(place / samples);
    return keyedPermutation(samples, [seed, epoch])(place % samples);
  });
}
