import type { RandomStream } from '../../../common/random.ts';
import { DdimSchedule } from '../../../models/sampling/levels/ddim-schedule.ts';
import { schedulerFile } from '../../../models/sampling/scheduler-config.ts';
import type { Recipe } from '../recipes/recipe.ts';

/** Upper limit of the weight of the error in the clean latents (min-SNR weighting, Hang et al. 2023). */
const SNR_LIMIT = 5;
/** Steps of the world's sampling runs. */
export const SAMPLING_STEPS = 8;

/** A noise level at which the UNet learns. */
export interface NoiseLevel {
  timestep: number;
  /** Share of the variance that is signal: the schedule's alpha product. */
  signal: number;
  /** Weight of the squared error in what the UNet predicts. */
  weight: number;
}

/** Draws the noise levels of the UNet's training. */
export class NoiseLevels {
  readonly prediction: 'epsilon' | 'v_prediction';
  readonly #schedule: DdimSchedule;
  readonly #sampled: Recipe['denoising']['sampled'];
  readonly #layoutWeight: number;
  readonly #exponent: number;

  /**
   * @param layoutWeight minimum weight of the error in the clean latents. The noisiest steps decide what and where an object
   *   is, and with 0, an error in the noise alone, they would hardly count. Without effect on v-prediction, whose error has
   *   weight 1 at each level
   */
  constructor({ scheduler, denoising }: Recipe, layoutWeight: number) {
    this.prediction = scheduler['prediction_type'] === 'v_prediction' ? 'v_prediction' : 'epsilon';
    this.#schedule = new DdimSchedule(schedulerFile(scheduler, "the world's scheduler"));
    this.#sampled = denoising.sampled;
    this.#exponent = denoising.exponent;
    this.#layoutWeight = layoutWeight;
  }

  /** Draws a training timestep: any, or for a share of the examples one of the sampler's own. */
  draw(random: RandomStream): NoiseLevel {
    const { alphasCumprod } = this.#schedule;
    const timestep =
      this.#sampled.share > 0 && random.uniform() < this.#sampled.share
        ? this.#samplerTimestep(random)
        : Math.floor(alphasCumprod.length * random.uniform() ** this.#exponent);
    const signal = alphasCumprod[timestep]!;
    return { timestep, signal, weight: this.#weight(signal / (1 - signal)) };
  }

  #samplerTimestep(random: RandomStream): number {
    const { weights } = this.#sampled;
    let rest = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
    const index = weights.findIndex((weight) => (rest -= weight) < 0);
    return this.#schedule.timesteps(weights.length)[index]!;
  }

  #weight(snr: number): number {
    return this.prediction === 'v_prediction' ? 1 : Math.min(snr + this.#layoutWeight, SNR_LIMIT) / snr;
  }
}
