import { RandomStream } from '../common/random.ts';
import type { Program, Tensors } from '../engine/program/program.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import type { Weights } from '../engine/weights/weights.ts';
import { Backward } from './backward.ts';
import { denoise } from './generator/denoise.ts';
import type { Draw, Generator } from './generator/generator.ts';
import { gradientVariant, type GradientSettings } from './gradient-variants/settings.ts';
import type { GradientVariant, Pass } from './gradient-variants/variant.ts';
import { KeptActivations } from './kept-activations.ts';
import { LastSteps } from './last-steps.ts';
import { LossScale, UNSCALED, type LossScaling } from './optimizer/loss-scale.ts';
import { MovingAverage, withoutAverage, type Average } from './optimizer/moving-average.ts';
import { Rollout } from './rollout/rollout-samples.ts';
import { scoreMetrics, Scoring, type Scored } from './scoring.ts';
import { loadSnapshot, takeSnapshot, type Snapshot } from './checkpoint/snapshot.ts';
import { trainedGroup, tunedNetwork, type TrainedNetwork, type TunedNetwork } from './generator/trained-networks.ts';
import type { StepMetrics, Tuner } from './tuner.ts';
import { tuningProgram, type ProgramSettings, type TuningProgram } from './tuning-program.ts';
import { Update } from './optimizer/parameter-update.ts';

export interface TrainerSettings extends ProgramSettings {
  /** K, the number of last steps that run under the networks in training. */
  gradientSteps: number;
  /** Which of these steps carry gradient; default: all. */
  gradient?: GradientSettings;
  /** Changes a prompt for one step: rephrases it or drops words. */
  augmentPrompt?: ((prompt: string, stream: RandomStream) => string) | undefined;
  /** Memory for activations kept between steps and their gradients; steps that do not fit are run again. */
  activationBytes?: number;
}

/** One step's loss, rewards [B] and gradients by network and parameter, in the layout of a weight file. */
export interface StepGradients extends Scored {
  gradients: Record<string, Weights>;
}

/** The prompts of a training step, the latents its last K steps start from, and its random streams. */
interface Batch {
  prompts: readonly string[];
  /** Inputs of `encode` for these prompts. */
  inputs: Tensors;
  /** z_K */
  z: Tensor;
  /** 1-based; undefined if nothing is random. */
  step: number | undefined;
  draw: Draw | undefined;
}

/** Tunes some of a generator's networks by prompt-based reward tuning (Alg. 1), a step at a time. */
export class Trainer implements Tuner {
  readonly program: Program;
  /** Whether `encode` and `step` contain trained networks. */
  readonly learns: TuningProgram['learns'];
  /** Takes the steps that are differentiated. */
  readonly activations: KeptActivations;
  readonly scoring: Scoring;
  readonly update: Update;
  readonly #variant: GradientVariant;
  readonly #scale: LossScaling;
  readonly #average: Average;
  readonly #generator: Generator;
  readonly #settings: TrainerSettings;

  constructor(generator: Generator, settings: TrainerSettings) {
    const {
      trained,
      optimizer,
      averageDecay: decay,
      gradient = { type: 'last' },
      seed = 0,
      activationBytes,
    } = settings;
    const { program, learns, scales } = tuningProgram(generator, settings);
    this.program = program;
    this.learns = learns;
    this.#generator = generator;
    this.#settings = settings;
    this.#variant = gradientVariant(gradient, generator, seed);
    this.#scale = scales ? new LossScale() : UNSCALED;
    this.#average = decay === undefined ? withoutAverage(program) : new MovingAverage(program, trained, decay);
    this.#average.start();
    this.activations = new KeptActivations(program, activationBytes);
    this.scoring = new Scoring(program, generator, this.#scale);
    this.update = new Update({ program, trained, optimizer, scale: this.#scale, average: this.#average });
  }

  /** Algorithm 1, with the rewards' weights gamma_i, the decoder D, and all trained parameters phi. */
  step(step: number, rollout: Rollout, rows: readonly number[], rate: number): StepMetrics {
    return tf.tidy(() => {
      const { z, ...batch } = this.#batch(rollout, rows, step); // p, z_K
      // c = E_phi(p)
      const c = this.encode(batch.inputs);
      // z_(t-1) = a_t z_t + b_t eps(z_t, t, c), t = K .. 1; a pass is a z_0 and the steps that carry its gradient
      const passes = this.#lastSteps(z, c, step);
      // L = -mean sum_i gamma_i R_i(D(z_0), p), dL/dz_0
      const { dz, ...scored } = this.scoring.score(passes, batch);
      // dL/dz_t = dL/dz_(t-1) dz_(t-1)/dz_t, dL/dc = sum_t dL/dz_(t-1) dz_(t-1)/dc
      const dc = this.#back(passes, dz, c);
      // dL/dphi = dL/dc dc/dphi, phi <- AdamW(phi, dL/dphi)
      const updated = this.update.run({ ...batch.inputs, ...dc }, step, rate);
      return { step, ...scoreMetrics(scored), ...updated };
    });
  }

  /** Computes loss, rewards and dL/dphi without an update. Shrinks the loss's scale until the gradients are finite. */
  gradients(rollout: Rollout, rows: readonly number[]): StepGradients {
    for (;;) {
      const found = this.#gradients(rollout, rows);
      const all = Object.values(found.gradients).flatMap((weights) => [...weights.values()]);
      if (!this.#scale.canShrink() || all.every(({ data }) => data.every(Number.isFinite))) return found;
      this.#scale.update(false);
    }
  }

  #gradients(rollout: Rollout, rows: readonly number[]): StepGradients {
    return withoutTidying(() => {
      const { z, ...batch } = this.#batch(rollout, rows);
      const c = this.encode(batch.inputs);
      const passes = this.#lastSteps(z, c);
      const { dz, ...scored } = this.scoring.score(passes, batch);
      const dc = this.#back(passes, dz, c);
      const inputs = { ...batch.inputs, ...dc, ...this.#scale.inputs() };
      return { ...scored, gradients: readGradients(this.program, this.#settings.trained, inputs) };
    });
  }

  /** Takes the first T - K steps for these prompts, without gradient, under the current networks. noise [...latents] */
  rollout(prompts: readonly string[], noise: Tensor): Rollout {
    const { encodeInputs, steps } = this.#generator;
    const latents = tf.tidy(() => {
      const c = this.encode(encodeInputs.of(prompts));
      const first = steps.slice(0, -this.#settings.gradientSteps);
      return denoise(this.program, noise, first, c).dataSync() as Float32Array;
    });
    const samples = prompts.map((prompt, i) => ({ id: String(i), prompt, sample: 0 }));
    return new Rollout({ shape: noise.shape.slice(1), samples, latents });
  }

  /** c = E_phi(p) under the current networks. @param prompts the generator's `encodeInputs` */
  encode(prompts: Tensors): Tensors {
    return this.program.run('encode', prompts);
  }

  /** Starts backpropagation through steps that were taken under the embeddings c. */
  backward(c: Tensors): Backward {
    return new Backward(this.learns, this.#scale, c);
  }

  snapshot(): Snapshot {
    const snapshot = takeSnapshot(this.program, this.#settings.trained);
    return { ...snapshot, state: new Map([...snapshot.state, ...this.#scale.snapshot()]) };
  }

  restore(snapshot: Snapshot): void {
    loadSnapshot(this.program, this.#settings.trained, snapshot);
    this.#scale.restore(snapshot.state);
  }

  /** Starts training a network from these weights; the original network remains the reference. */
  startFrom(network: string, weights: Weights, source: string): void {
    this.program.load(network, weights, source);
    this.#average.start();
  }

  /** Returns a network in its current state: its moving average, if there is one. */
  tuned(network: string): TunedNetwork {
    const trained = this.#settings.trained.find(({ name }) => name === network)!;
    return tunedNetwork(trained, this.#average.read(trained), this.#generator);
  }

  #batch(rollout: Rollout, rows: readonly number[], step?: number): Batch {
    const { seed = 0, augmentPrompt } = this.#settings;
    const { encodeInputs, latents: shape } = this.#generator;
    const draw: Draw | undefined =
      step === undefined ? undefined : (purpose, sample) => new RandomStream(seed, purpose, step, sample);
    const start = rollout.batch(rows);
    const prompts = start.prompts.map((prompt, i) =>
      draw && augmentPrompt ? augmentPrompt(prompt, draw('prompt', i)) : prompt,
    );
    return { prompts, inputs: encodeInputs.of(prompts, draw), z: tf.tensor(start.latents, [...shape]), step, draw };
  }

  #lastSteps(z: Tensor, c: Tensors, step = 0): Pass[] {
    const numbers = this.#generator.steps.slice(-this.#settings.gradientSteps);
    return this.#variant.passes(new LastSteps(this.activations, numbers, z, c), step);
  }

  /** @param dz dL/dz_0 of each pass */
  #back(passes: readonly Pass[], dz: readonly Tensor[], c: Tensors): Tensors {
    const backward = this.backward(c);
    for (const [i, { steps }] of passes.entries()) backward.through(steps, dz[i]!);
    return backward.embeddings();
  }
}

/** Reads each network's dL/dphi: the outputs of `gradients` and the sums that the steps left in `state/gradient/…`. */
function readGradients(program: Program, trained: readonly TrainedNetwork[], inputs: Tensors): Record<string, Weights> {
  const ofEncode = Object.entries(program.run('gradients', inputs)).map(
    ([name, t]) => [name, program.inFileLayout(name, t)] as const,
  );
  return Object.fromEntries(
    trained.map((network) => {
      const group = trainedGroup(network);
      const own = ofEncode.flatMap(([name, t]) =>
        name.startsWith(`${group}/`) ? [[name.slice(group.length + 1), t] as const] : [],
      );
      return [network.name, new Map([...program.read(`state/gradient/${group}`), ...own])];
    }),
  );
}

/** Calls tf.tidy for a function whose result holds no tensors. */
function withoutTidying<T>(f: () => T): T {
  let result: T;
  tf.tidy(() => {
    result = f();
  });
  return result!;
}
