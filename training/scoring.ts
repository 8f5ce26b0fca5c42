import { mean } from '../common/statistics.ts';
import type { Program } from '../engine/program/program.ts';
import type { Tensor } from '../engine/tensorflow.ts';
import { requireFiniteLoss } from '../rewards/finite-loss.ts';
import { requireFiniteScores } from '../rewards/total.ts';
import { scoresOf } from './entries/entries.ts';
import type { Draw, Generator } from './generator/generator.ts';
import type { LossScaling } from './optimizer/loss-scale.ts';
import type { StepMetrics } from './tuner.ts';

/** The loss L = -mean sum_i gamma_i R_i, and each reward's scores R_i [B]. */
export interface Scored {
  loss: number;
  scores: Record<string, Float32Array>;
}

/** The prompts of the pictures to score, and the training step, if any. */
export interface ScoredBatch {
  prompts: readonly string[];
  step?: number | undefined;
  draw?: Draw | undefined;
}

/** Scores latents with the rewards and differentiates the loss by the latents. */
export class Scoring {
  readonly #program: Program;
  readonly #generator: Generator;
  readonly #scale: LossScaling;

  /** @param program has the entry point `score` */
  constructor(program: Program, generator: Generator, scale: LossScaling) {
    this.#program = program;
    this.#generator = generator;
    this.#scale = scale;
  }

  /**
   * Computes L, R_i and dL/dz_0 of latents after the last step. L and R_i are means over `ends`.
   * @returns dz: one for each of `ends`, in order
   * @throws RunError naming step, prompt and reward if a reward or the loss is not finite
   */
  score(ends: readonly { z0: Tensor }[], batch: ScoredBatch): Scored & { dz: Tensor[] } {
    const found = ends.map(({ z0 }) => this.#score(z0, batch));
    const share = (value: number) => value / ends.length;
    const meanOf = (name: string): Float32Array =>
      found.reduce(
        (sum, { scores }) => sum.map((value, i) => value + share(scores[name]![i]!)),
        new Float32Array(batch.prompts.length),
      );
    return {
      loss: found.reduce((sum, { loss }) => sum + share(loss), 0),
      scores: Object.fromEntries(this.#generator.rewards.map(({ name }) => [name, meanOf(name)])),
      dz: found.map(({ dz }) => (ends.length === 1 ? dz : dz.div(ends.length))),
    };
  }

  #score(z0: Tensor, { prompts, step, draw }: ScoredBatch): Scored & { dz: Tensor } {
    const { loss, dz, ...rewards } = this.#program.run('score', {
      z: z0,
      ...this.#scale.inputs(),
      ...this.#generator.scoreInputs.of(prompts, draw),
    });
    const scores = Object.fromEntries(
      this.#generator.rewards.map(({ name }) => [name, rewards[scoresOf(name)]!.dataSync() as Float32Array]),
    );
    requireFiniteScores(scores, { ...(step === undefined ? {} : { step }), prompts });
    const value = loss!.dataSync()[0]!;
    requireFiniteLoss(value, this.#generator.rewards, scores, { step, prompts });
    return { loss: value, scores, dz: dz! };
  }
}

/** Returns the loss and each reward's mean over the batch. */
export const scoreMetrics = ({ loss, scores }: Scored): Pick<StepMetrics, 'loss' | 'rewards'> => ({
  loss,
  rewards: Object.fromEntries(Object.entries(scores).map(([name, values]) => [name, mean(values)])),
});
