import { RandomStream } from '../common/random.ts';
import type { Pending, Program, Tensors } from '../engine/program/program.ts';
import { tf, usesGpu, type Tensor } from '../engine/tensorflow.ts';
import type { Weights } from '../engine/weights/weights.ts';
import { requireFiniteLoss } from '../rewards/finite-loss.ts';
import { requireFiniteScores } from '../rewards/total.ts';
import { ADAMW, updateNumbers } from './adamw.ts';
import type { Draw, Generator } from './generator.ts';
import { stepsWithGradient, type GradientVariant } from './gradient-variants.ts';
import { LossScale } from './loss-scale.ts';
import type { Rollout } from './rollout.ts';
import { loadSnapshot, takeSnapshot, type Snapshot } from './snapshot.ts';
import { trainedGroup, tunedNetwork, type TunedNetwork } from './trained-networks.ts';
import {
  gradientOf,
  numbersOf,
  scoresOf,
  tuningProgram,
  type ProgramSettings,
  type TuningProgram,
} from './tuning-program.ts';

export interface TrainerSettings extends ProgramSettings {
  /** K: the last steps, which see the networks as they are trained. */
  gradientSteps: number;
  /** Which of them carry gradient; by default all. */
  gradient?: GradientVariant;
  /** What a prompt is in this step: another wording, fewer words. */
  augmentPrompt?: ((prompt: string, stream: RandomStream) => string) | undefined;
  /** Bytes of activations that may be kept between steps and their gradients; steps that do not fit are run again. */
  activationBytes?: number;
}

/** What one step of tuning is told about itself. */
export interface StepMetrics {
  /** 1-based. */
  step: number;
  /** -mean over the batch of the weighted sum of rewards. */
  loss: number;
  /** Mean of each reward over the batch. */
  rewards: Record<string, number>;
  /** Norm of each network's gradient before clipping. */
  gradientNorm: Record<string, number>;
  /** Norm of the change of each network's parameters since the start. */
  deltaNorm: Record<string, number>;
  /** Mean squared distance of the embeddings from the original ones, where what makes them is trained. */
  drift?: number;
  /** Where the loss is scaled: by how much now, and how many steps were left out so far. The norms of such a step are 0. */
  lossScale?: number;
  skipped?: number;
}

/** One step's loss, rewards [B] and gradients by network and parameter, these as a file holds the parameters. */
export interface StepGradients {
  loss: number;
  scores: Record<string, Float32Array>;
  gradients: Record<string, Weights>;
}

/** Prompt-based reward tuning (Alg. 1) of some of a generator's networks, a step at a time. */
export class Trainer {
  readonly program: Program;
  readonly #learns: TuningProgram['learns'];
  readonly #scale: LossScale | undefined;
  readonly #generator: Generator;
  readonly #settings: TrainerSettings;

  constructor(generator: Generator, settings: TrainerSettings) {
    this.#generator = generator;
    this.#settings = settings;
    const { program, learns, scales } = tuningProgram(generator, settings);
    this.program = program;
    this.#learns = learns;
    this.#scale = scales ? new LossScale() : undefined;
    this.#startAverage();
  }

  /**
   * One step on the samples at `rows` of the rollout (as many as the batch).
   * @param rate factor of the learning rates: below 1 while they warm up
   * @throws RunError naming step, prompt and reward when a reward is not finite; the parameters are then as before
   */
  step(step: number, rollout: Rollout, rows: readonly number[], rate: number): StepMetrics {
    return tf.tidy(() => {
      const { loss, scores, backward } = this.#forwardBackward(step, rollout, rows);
      const update = step - (this.#scale?.skipped ?? 0);
      const numbers = this.#settings.trained.map(({ name, learningRate }) => [
        numbersOf(name),
        updateNumbers(learningRate * rate, update, this.#settings.optimizer ?? ADAMW),
      ]);
      const { drift, finite, ...norms } = this.program.run('update', {
        ...backward,
        ...this.#scaleInput(),
        ...(Object.fromEntries(numbers) as Tensors),
      });
      const skips = finite !== undefined && scalar(finite) === 0;
      this.#scale?.update(!skips);
      if (!skips) this.#average(update);
      const mean = (values: Float32Array) => values.reduce((a, b) => a + b, 0) / values.length;
      return {
        step,
        loss,
        rewards: Object.fromEntries(Object.entries(scores).map(([name, values]) => [name, mean(values)])),
        gradientNorm: skips ? Object.fromEntries(Object.keys(norms).map((name) => [name, 0])) : scalars(norms),
        deltaNorm: scalars(this.program.run('deltaNorm', {})),
        ...(drift ? { drift: scalar(drift) } : {}),
        ...(this.#scale ? { lossScale: this.#scale.value, skipped: this.#scale.skipped } : {}),
      };
    });
  }

  #scaleInput(): Tensors {
    return this.#scale ? { scale: tf.scalar(this.#scale.value) } : {};
  }

  /** What a later step depends on. */
  snapshot(): Snapshot {
    const snapshot = takeSnapshot(this.program, this.#settings.trained);
    return this.#scale ? { ...snapshot, state: new Map([...snapshot.state, ...this.#scale.snapshot()]) } : snapshot;
  }

  /** Goes back to a snapshot. */
  restore(snapshot: Snapshot): void {
    loadSnapshot(this.program, this.#settings.trained, snapshot);
    this.#scale?.restore(snapshot.state);
  }

  /** What is trained of a network starts at these weights; what it was before stays the reference. */
  startFrom(network: string, weights: Weights, source: string): void {
    this.program.load(network, weights, source);
    this.#startAverage();
  }

  /** A network as it is now: the moving average, where there is one. */
  tuned(network: string): TunedNetwork {
    const trained = this.#settings.trained.find(({ name }) => name === network)!;
    const average = this.#settings.averageDecay === undefined ? '' : 'state/ema/';
    return tunedNetwork(trained, this.program.read(average + trainedGroup(trained)), this.#generator);
  }

  /** The average has a short memory at first. */
  #average(step: number): void {
    const { averageDecay } = this.#settings;
    if (averageDecay === undefined) return;
    this.program.run('average', { decay: tf.scalar(Math.min(averageDecay, (1 + step) / (10 + step))) });
  }

  #startAverage(): void {
    if (this.#settings.averageDecay === undefined) return;
    for (const group of this.#settings.trained.map(trainedGroup))
      this.program.load(`state/ema/${group}`, this.program.read(group));
  }

  /** The first T - K steps of these prompts, without gradient, under the networks as they are now. noise [...latents] */
  rollout(prompts: readonly string[], noise: Tensor): Rollout {
    const latents = tf.tidy(() => {
      const embeddings = this.program.run('encode', this.#generator.encodeInputs.of(prompts));
      let z = noise;
      for (const numbers of this.#generator.steps.slice(0, -this.#settings.gradientSteps))
        z = this.program.run('step', { z, step: tf.tensor1d([...numbers]), ...embeddings })['z']!;
      return z.dataSync() as Float32Array;
    });
    const samples = prompts.map((prompt, i) => ({ id: String(i), prompt, sample: 0 }));
    return { shape: noise.shape.slice(1), samples, latents };
  }

  /** Loss, rewards and dL/d(phi), without a step. Where the loss is scaled, so that they are finite, if that can be. */
  gradients(rollout: Rollout, rows: readonly number[]): StepGradients {
    for (;;) {
      const found = this.#gradients(rollout, rows);
      const all = Object.values(found.gradients).flatMap((weights) => [...weights.values()]);
      if (!this.#scale || this.#scale.value < 1 || all.every(({ data }) => data.every(Number.isFinite))) return found;
      this.#scale.update(false);
    }
  }

  #gradients(rollout: Rollout, rows: readonly number[]): StepGradients {
    const { trained } = this.#settings;
    return withoutTidying(() => {
      const { loss, scores, backward } = this.#forwardBackward(undefined, rollout, rows);
      const ofEncode = Object.entries(this.program.run('gradients', { ...backward, ...this.#scaleInput() })).map(
        ([name, t]) => [name, this.program.inFileLayout(name, t)] as const,
      );
      const gradients = trained.map((network) => {
        const group = trainedGroup(network);
        const own = ofEncode.filter(([name]) => name.startsWith(`${group}/`));
        const ofSteps = this.program.read(`state/gradient/${group}`);
        return [
          network.name,
          new Map([...ofSteps, ...own.map(([name, t]) => [name.slice(group.length + 1), t] as const)]),
        ] as const;
      });
      return { loss, scores, gradients: Object.fromEntries(gradients) };
    });
  }

  /** The last K steps, the rewards, and the way back to the embeddings and to the parameters of the steps. */
  #forwardBackward(step: number | undefined, rollout: Rollout, rows: readonly number[]) {
    const draw: Draw | undefined =
      step === undefined
        ? undefined
        : (purpose, sample) => new RandomStream(this.#settings.seed ?? 0, purpose, step, sample);
    const { augmentPrompt } = this.#settings;
    const prompts = rows.map((row, i) => {
      const { prompt } = rollout.samples[row]!;
      return draw && augmentPrompt ? augmentPrompt(prompt, draw('prompt', i)) : prompt;
    });
    const inputs = this.#generator.encodeInputs.of(prompts, draw);
    const embeddings = this.program.run('encode', inputs);
    const passes = this.#passes(step, this.#start(rollout, rows), embeddings);

    const found = { loss: 0, scores: {} as Record<string, Float32Array> };
    const sums = new Map<string, Tensor[]>();
    for (const [i, { starts, end }] of passes.entries()) {
      const { loss, dz, ...rewards } = this.program.run('score', {
        z: end,
        ...this.#scaleInput(),
        ...this.#generator.scoreInputs.of(prompts, draw),
      });
      const scores = Object.fromEntries(
        this.#generator.rewards.map(({ name }) => [name, rewards[scoresOf(name)]!.dataSync() as Float32Array]),
      );
      requireFiniteScores(scores, { ...(step === undefined ? {} : { step }), prompts });
      requireFiniteLoss(scalar(loss!), this.#generator.rewards, scores, { step, prompts });
      found.loss += scalar(loss!) / passes.length;
      for (const [name, values] of Object.entries(scores))
        found.scores[name] = values.map((value, k) => (found.scores[name]?.[k] ?? 0) + value / passes.length);

      let gradient = passes.length === 1 ? dz! : dz!.div(passes.length);
      for (const [k, start] of starts.toReversed().entries()) {
        const keep = this.#learns.step ? { keep: tf.scalar(i === 0 && k === 0 ? 0 : 1) } : {};
        const late = { dz: gradient, ...keep, ...(this.#learns.step ? this.#scaleInput() : {}) };
        // A gradient that is zero whatever comes later (of the empty prompt, without guidance) is there from the start.
        const back = start.pending
          ? { ...start.pending.outputs, ...start.pending.finish(late) }
          : this.program.run('stepVjp', { ...start.inputs, ...embeddings, ...late });
        gradient = back['dz']!;
        for (const [name, t] of Object.entries(back)) sums.set(name, [...(sums.get(name) ?? []), t]);
      }
    }
    if (!this.#learns.encode) return { ...found, backward: {} };
    const along = Object.keys(embeddings).map((name) => [gradientOf(name), tf.addN(sums.get(gradientOf(name))!)]);
    return { ...found, backward: { ...inputs, ...(Object.fromEntries(along) as Tensors) } };
  }

  /** The last K steps: the inputs of those that carry gradient, and what they end with. */
  #passes(step: number | undefined, start: Tensor, embeddings: Tensors): { starts: StepStart[]; end: Tensor }[] {
    const {
      gradientSteps,
      gradient: variant = { type: 'last' },
      seed = 0,
      activationBytes = usesGpu() ? 0 : ACTIVATION_BYTES,
    } = this.#settings;
    const starts: StepStart[] = [];
    const advance = (inputs: { z: Tensor; step: Tensor }, keep: boolean): Tensor => {
      const given = { ...inputs, ...embeddings };
      const pending = keep ? this.program.start('stepVjp', given) : undefined;
      starts.push({ inputs, pending });
      return (pending?.outputs ?? this.program.run('step', given))['z']!;
    };
    const carrying = stepsWithGradient(variant, gradientSteps, seed, step ?? 0);
    const kept = Math.min(carrying, Math.floor(activationBytes / this.program.keptBytes('stepVjp')));
    let z = start;
    for (const [i, numbers] of this.#generator.steps.slice(-gradientSteps).entries())
      z = advance({ z, step: tf.tensor1d([...numbers]) }, i >= gradientSteps - kept);
    const passes = [{ starts: starts.splice(-carrying), end: z }];
    const last = passes[0]!.starts.at(-1)!.inputs;
    for (let repeat = 1; variant.type === 'draft-lv' && repeat < variant.repeats; repeat++) {
      const { signal, noise } = this.#generator.lastLevel!;
      const values = new RandomStream(seed, 'renoise', step, repeat).normal(z.size);
      const again = { ...last, z: z.mul(signal).add(tf.tensor(values, z.shape).mul(noise)) };
      const end = advance(again, false);
      passes.push({ starts: [starts.pop()!], end });
    }
    return passes;
  }

  #start({ latents }: Rollout, rows: readonly number[]): Tensor {
    const { latents: shape } = this.#generator;
    const size = shape.reduce((a, b) => a * b, 1) / rows.length;
    const values = new Float32Array(rows.length * size);
    rows.forEach((row, i) => values.set(latents.subarray(row * size, (row + 1) * size), i * size));
    return tf.tensor(values, [...shape]);
  }
}

/** Where a step with gradient begins, and the step itself where its activations were kept. */
interface StepStart {
  inputs: { z: Tensor; step: Tensor };
  pending: Pending | undefined;
}

/** Default for {@link TrainerSettings.activationBytes}: a step of Stable Diffusion at 512 pixels takes 2.7 GiB. On a GPU, 0. */
const ACTIVATION_BYTES = 4 * 2 ** 30;

/** tf.tidy for a function whose result holds no tensors. */
function withoutTidying<T>(f: () => T): T {
  let result: T;
  tf.tidy(() => {
    result = f();
  });
  return result!;
}

const scalar = (tensor: Tensor): number => tensor.dataSync()[0]!;
const scalars = (tensors: Tensors): Record<string, number> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, scalar(tensor)]));
