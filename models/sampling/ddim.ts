import { InputError } from '../../common/errors.ts';
import { roundHalfToEven } from '../../common/rounding.ts';
import { solverConfig, type SchedulerFile, type SolverConfig } from './scheduler-config.ts';
import { alphaProducts } from './levels/noise-schedule.ts';
import { solverStep, type SolverPlan } from './multistep.ts';
import { levelOf, plus, predictedClean, predictedNoise, times, type Level, type Linear } from './levels/prediction.ts';
import { spacedTimesteps, stride } from './levels/spacing.ts';

/**
 * Denoising diffusion implicit models (Song et al., arXiv 2010.02502) with eta = 0. The paper's alpha_t is
 * `alphasCumprod[t]`.
 */
export class DdimScheduler {
  readonly #config: SolverConfig<'ddim'>;
  readonly #source: string;
  /** Product of 1 - beta up to and including each training timestep. */
  readonly alphasCumprod: Float64Array;
  readonly #finalAlpha: number;

  /** @throws InputError that names the file, the key and the value that cannot be applied */
  constructor(file: SchedulerFile) {
    this.#config = solverConfig('ddim', file);
    this.#source = file.source;
    this.alphasCumprod = alphaProducts(this.#config);
    this.#finalAlpha = this.#config.set_alpha_to_one ? 1 : this.alphasCumprod[0]!;
  }

  /**
   * Returns the timesteps of a sampling run of `steps` steps, from noise to picture.
   * @throws InputError if the schedule has too few timesteps, or the first is pure noise that predicts no picture
   */
  timesteps(steps: number): number[] {
    const count = this.alphasCumprod.length;
    const possible = Number.isInteger(steps) && steps >= 1 && steps <= count;
    const timesteps = possible ? spacedTimesteps(this.#config, steps).map(roundHalfToEven) : [];
    // The offset may exceed the schedule.
    if (!possible || timesteps[0]! >= count)
      throw new InputError(`${steps} sampling steps are not possible; this noise schedule has ${count} timesteps.`);
    this.requirePictures(timesteps[0]!);
    return timesteps;
  }

  /** @throws InputError if the network's output cannot predict a picture at this timestep, the noisiest of a run */
  requirePictures(t: number): void {
    if (this.alphasCumprod[t] === 0 && this.#config.prediction_type === 'epsilon')
      throw new InputError(
        `${this.#source}: rescale_betas_zero_snr is true and prediction_type is "epsilon": timestep ${t} is pure noise, from which no picture can be predicted. Models with such a schedule use "v_prediction".`,
      );
  }

  /** Returns the weights of the clean latents predicted at timestep t: x0 = [0] z + [1] output. */
  clean(t: number): Linear {
    return predictedClean(this.#config.prediction_type, levelOf(this.alphasCumprod[t]!));
  }

  /**
   * Returns one step from timestep t to the previous one in a run of `steps` steps, as z' = a z + b output, where
   * `output` is the network's (eq. 12 with sigma = 0: predicted x0, then the same noise at the lower level).
   */
  step(t: number, steps: number): { a: number; b: number } {
    const { level, previous } = this.#levels(t, steps);
    return this.#move(level, previous);
  }

  /**
   * Returns the step with noise: z' ~ N(a z + b output, sigma^2), where sigma is eta times that of the diffusion's own
   * posterior (eq. 16; eta = 1 is ancestral sampling). A step that ends at zero noise has sigma 0.
   */
  stochasticStep(t: number, steps: number, eta: number): { a: number; b: number; sigma: number } {
    const { level, previous } = this.#levels(t, steps);
    const ratio = (level.signal / previous.signal) ** 2;
    const sigma = eta * (previous.noise / level.noise) * Math.sqrt(1 - ratio);
    const direction = Math.sqrt(Math.max(0, previous.noise ** 2 - sigma ** 2));
    return { ...this.#move(level, { signal: previous.signal, noise: direction }), sigma };
  }

  #move(from: Level, to: Level): { a: number; b: number } {
    const x0 = predictedClean(this.#config.prediction_type, from); // (z - sqrt(1 - alpha) eps) / sqrt(alpha)
    const eps = predictedNoise(this.#config.prediction_type, from);
    const [a, b] = plus(times(x0, to.signal), times(eps, to.noise)); // sqrt(alpha') x0 + sqrt(1 - alpha') eps
    return { a, b };
  }

  #levels(t: number, steps: number): { level: Level; previous: Level } {
    const alphaPrevious = this.alphasCumprod[t - stride(this.#config, steps)] ?? this.#finalAlpha;
    return { level: levelOf(this.alphasCumprod[t]!), previous: levelOf(alphaPrevious) };
  }
}

/** Plans a run of DDIM. @throws InputError as {@link DdimScheduler} */
export function ddimSteps(file: SchedulerFile, steps: number): SolverPlan {
  const ddim = new DdimScheduler(file);
  const plan = ddim.timesteps(steps).map((t, i) => {
    const { a, b } = ddim.step(t, steps);
    return solverStep(t, i, [[i, a]], [[i, b]]);
  });
  return { start: 1, steps: plan };
}
