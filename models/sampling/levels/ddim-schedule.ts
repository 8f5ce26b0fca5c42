import { InputError } from '../../../common/errors.ts';
import { roundHalfToEven } from '../../../common/rounding.ts';
import { solverConfig, type SchedulerFile, type SolverConfig } from '../scheduler-config.ts';
import { alphaProducts } from './noise-schedule.ts';
import { levelOf, predictedClean, type Level, type Linear } from './prediction.ts';
import { spacedTimesteps, stride } from './spacing.ts';

/** The timesteps of a run of DDIM and their noise levels. */
export class DdimSchedule {
  readonly #config: SolverConfig<'ddim'>;
  readonly #source: string;
  /** Product of 1 - beta up to and including each training timestep: the paper's alpha_t. */
  readonly alphasCumprod: Float64Array;
  readonly #finalAlpha: number;

  /** @throws InputError that names the file, the key and the value that cannot be applied */
  constructor(file: SchedulerFile) {
    this.#config = solverConfig('ddim', file);
    this.#source = file.source;
    this.alphasCumprod = alphaProducts(this.#config);
    this.#finalAlpha = this.#config.set_alpha_to_one ? 1 : this.alphasCumprod[0]!;
  }

  /** The kind of the network's output. */
  get prediction(): SolverConfig<'ddim'>['prediction_type'] {
    return this.#config.prediction_type;
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

  /** Returns the noise level of timestep t. */
  level(t: number): Level {
    return levelOf(this.alphasCumprod[t]!);
  }

  /** Returns the levels before and after the step from timestep t in a run of `steps` steps. */
  levels(t: number, steps: number): { now: Level; next: Level } {
    const next = levelOf(this.alphasCumprod[t - stride(this.#config, steps)] ?? this.#finalAlpha);
    return { now: this.level(t), next };
  }

  /** Returns the weights of the clean latents predicted at timestep t: x0 = [0] z + [1] output. */
  clean(t: number): Linear {
    return predictedClean(this.prediction, this.level(t));
  }
}
