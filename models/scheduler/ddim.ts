import { z } from 'zod';
import { InputError } from '../../common/errors.ts';
import { roundHalfToEven } from '../../common/rounding.ts';
import { boundedSize, only, positive } from '../config.ts';
import { spacedTimesteps, spacings, stride, type Spacing } from './spacing.ts';

/** diffusers' schedulers whose configuration holds the noise schedule that DDIM needs, whatever else is in it. */
const classes = [
  'DDIMScheduler',
  'PNDMScheduler',
  'DDPMScheduler',
  'EulerDiscreteScheduler',
  'EulerAncestralDiscreteScheduler',
  'HeunDiscreteScheduler',
  'LMSDiscreteScheduler',
  'DPMSolverMultistepScheduler',
  'DPMSolverSinglestepScheduler',
  'DEISMultistepScheduler',
  'UniPCMultistepScheduler',
  'KDPM2DiscreteScheduler',
  'KDPM2AncestralDiscreteScheduler',
];

/**
 * What matters here of the configuration of one of diffusers' schedulers. As with `DDIMScheduler.from_config`, keys that
 * the file leaves out have DDIM's defaults.
 */
export interface SchedulerConfig {
  /** Default DDIMScheduler. */
  _class_name?: string;
  num_train_timesteps: number;
  beta_start: number;
  beta_end: number;
  /** linear or scaled_linear */
  beta_schedule: string;
  trained_betas?: number[] | null;
  /** What the network's output is: epsilon (default) or v_prediction. */
  prediction_type?: string;
  /** Whether the last step ends without noise, or at the level of timestep 0. Default: DDIM yes, PNDM no. */
  set_alpha_to_one?: boolean | undefined;
  steps_offset: number;
  /** Default leading. */
  timestep_spacing?: Spacing | undefined;
}

/** `clip_sample` is left unread: Stable Diffusion pipelines turn it off. */
export const schedulerSchema = z.looseObject({
  _class_name: z.enum(classes, `expected one of ${classes.join(', ')}`),
  num_train_timesteps: boundedSize(1_000_000).default(1000),
  beta_start: positive.default(0.0001),
  beta_end: positive.default(0.02),
  beta_schedule: z.enum(['linear', 'scaled_linear'], 'expected "linear" or "scaled_linear"').default('linear'),
  trained_betas: z.array(z.number()).nullable().default(null),
  prediction_type: z.enum(['epsilon', 'v_prediction'], 'expected "epsilon" or "v_prediction"').default('epsilon'),
  set_alpha_to_one: z.boolean().optional(),
  steps_offset: z.int().min(0).default(0),
  timestep_spacing: z.enum(spacings, `expected one of ${spacings.join(', ')}`).default('leading'),
  thresholding: only(false),
  rescale_betas_zero_snr: only(false),
});

/**
 * Denoising diffusion implicit models (Song et al., arXiv 2010.02502) with eta = 0. Their alpha_t is `alphasCumprod[t]`.
 */
export class DdimScheduler {
  readonly config: SchedulerConfig;
  /** Product of 1 - beta up to and including each training timestep. */
  readonly alphasCumprod: Float64Array;
  readonly #finalAlpha: number;

  constructor(config: SchedulerConfig) {
    this.config = config;
    let product = 1;
    this.alphasCumprod = Float64Array.from(noiseSchedule(config), (beta) => (product *= 1 - beta));
    const endsWithoutNoise = config.set_alpha_to_one ?? config._class_name !== 'PNDMScheduler';
    this.#finalAlpha = endsWithoutNoise ? 1 : this.alphasCumprod[0]!;
  }

  /** The timesteps of a sampling run of `steps` steps, from noise to picture. */
  timesteps(steps: number): number[] {
    const count = this.alphasCumprod.length;
    const possible = Number.isInteger(steps) && steps >= 1 && steps <= count;
    const timesteps = possible ? spacedTimesteps(this.config, steps).map(roundHalfToEven) : [];
    // An offset may lead beyond the schedule.
    if (!possible || timesteps[0]! >= count)
      throw new InputError(`${steps} sampling steps were asked for; this noise schedule has ${count} timesteps.`);
    return timesteps;
  }

  /**
   * One step from timestep t to the one before it in a run of `steps` steps, as z' = a z + b output, where `output` is
   * the network's (eq. 12 with sigma = 0: predicted x0, then the same noise at the lower level).
   */
  step(t: number, steps: number): { a: number; b: number } {
    const alpha = this.alphasCumprod[t]!;
    const previous = t - stride(this.config, steps);
    const alphaPrevious = this.alphasCumprod[previous] ?? this.#finalAlpha;
    const [signal, noise] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
    const [signalPrevious, noisePrevious] = [Math.sqrt(alphaPrevious), Math.sqrt(1 - alphaPrevious)];
    return this.config.prediction_type === 'v_prediction'
      ? { a: signalPrevious * signal + noisePrevious * noise, b: noisePrevious * signal - signalPrevious * noise }
      : { a: signalPrevious / signal, b: noisePrevious - (signalPrevious * noise) / signal };
  }

  /**
   * The same with noise: z' ~ N(a z + b output, sigma^2), sigma being eta times that of the diffusion's own posterior
   * (eq. 16; eta = 1 is ancestral sampling). Without noise where the step ends without noise.
   */
  stochasticStep(t: number, steps: number, eta: number): { a: number; b: number; sigma: number } {
    const alpha = this.alphasCumprod[t]!;
    const alphaPrevious = this.alphasCumprod[t - stride(this.config, steps)] ?? this.#finalAlpha;
    const sigma = eta * Math.sqrt(((1 - alphaPrevious) / (1 - alpha)) * (1 - alpha / alphaPrevious));
    const [signal, noise] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
    const [signalPrevious, direction] = [
      Math.sqrt(alphaPrevious),
      Math.sqrt(Math.max(0, 1 - alphaPrevious - sigma ** 2)),
    ];
    return this.config.prediction_type === 'v_prediction'
      ? { a: signalPrevious * signal + direction * noise, b: direction * signal - signalPrevious * noise, sigma }
      : { a: signalPrevious / signal, b: direction - (signalPrevious * noise) / signal, sigma };
  }
}

/** beta_t of each training timestep: linear in beta or, scaled, in its square root. */
function noiseSchedule({
  num_train_timesteps: count,
  beta_start,
  beta_end,
  beta_schedule,
  trained_betas,
}: SchedulerConfig): number[] {
  if (trained_betas) return trained_betas;
  const power = beta_schedule === 'scaled_linear' ? 2 : 1;
  const [start, end] = [beta_start ** (1 / power), beta_end ** (1 / power)];
  return Array.from({ length: count }, (_, i) => (start + ((end - start) * i) / Math.max(1, count - 1)) ** power);
}
