import { z } from 'zod';
import { InputError } from '../../common/errors.ts';
import { boundedSize, only, parseConfig, positive, withoutEffect, type Json } from '../folder/network-config.ts';
import { betaSchedules } from './levels/noise-schedule.ts';
import type { SchedulerName } from './scheduler-names.ts';
import { spacings } from './levels/spacing.ts';

/** diffusers' schedulers whose configuration contains the noise schedule that sampling needs. */
const schedulerClasses = [
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
] as const;

/** A folder's unparsed scheduler_config.json: the keys that count depend on the requested scheduler. */
export interface SchedulerFile {
  /** The path, for messages. */
  source: string;
  json: Json;
}

const knownClass = z.enum(schedulerClasses, `expected one of ${schedulerClasses.join(', ')}`);

/** A folder's scheduler in model_index.json: its library and class. */
export const indexedScheduler = z.tuple([z.string(), knownClass]).optional();

/** @throws InputError that names the file and the key if the scheduler's class is not supported */
export function schedulerFile(json: Json, source: string): SchedulerFile {
  parseConfig(z.looseObject({ _class_name: knownClass.optional() }), json, source);
  return { source, json };
}

/**
 * Returns the scheduler of a folder. If model_index.json names another class than scheduler_config.json, diffusers
 * makes the former from the latter's keys, so that class counts; for a requested scheduler, both give the same result.
 * @throws InputError that names the file and the key if either class is not supported
 */
export function folderScheduler(index: Json, indexSource: string, json: Json, source: string): SchedulerFile {
  const named = z.looseObject({ scheduler: indexedScheduler });
  const { scheduler } = parseConfig(named, index, indexSource);
  const file = schedulerFile(json, source);
  return scheduler ? { ...file, json: { ...json, _class_name: scheduler[1] } } : file;
}

/** Returns the class that the file names. */
export const schedulerClass = ({ json }: SchedulerFile): string =>
  (json['_class_name'] as string | undefined) ?? 'DDIMScheduler';

/** A boolean; null means false, as in Python. */
const flag = (value: boolean) =>
  z
    .boolean('expected true or false')
    .nullable()
    .default(value)
    .transform((found) => found ?? false);
const oneOf = <const T extends string>(...values: T[]) => z.enum(values, `expected one of ${values.join(', ')}`);
const level = z.number('expected a number').positive('expected a positive number').nullable().default(null);

const ofThresholding = withoutEffect('belongs to thresholding, which is refused');
const ofShifts = withoutEffect('belongs to a shift per run, which Stable Diffusion does not use');

const noiseSchedule = {
  num_train_timesteps: boundedSize(1_000_000).default(1000),
  beta_start: positive.default(0.0001),
  beta_end: positive.default(0.02),
  beta_schedule: oneOf(...betaSchedules).default('linear'),
  trained_betas: z.array(z.number('expected numbers'), 'expected a list of numbers').nullable().default(null),
};
/** StableDiffusionPipeline uses 1 whatever the file says, and warns that the file is outdated. */
const stepsOffset = z
  .unknown()
  .optional()
  .transform(() => 1);
const spacing = (value: (typeof spacings)[number]) => oneOf(...spacings).default(value);
const sigmas = {
  use_karras_sigmas: flag(false),
  use_exponential_sigmas: flag(false),
  use_beta_sigmas: flag(false),
  sigma_min: level,
  sigma_max: level,
};
const finalSigma = oneOf('zero', 'sigma_min').default('zero');
const prediction = <const T extends string>(...others: T[]) =>
  oneOf<'epsilon' | T>('epsilon', ...others).default('epsilon' as never);

/** The keys that each scheduler reads from a file, with its own defaults, as in diffusers' `from_config`. */
export const solverSchemas = {
  ddim: z.object({
    ...noiseSchedule,
    timestep_spacing: spacing('leading'),
    steps_offset: stepsOffset,
    prediction_type: prediction('v_prediction', 'sample'),
    set_alpha_to_one: flag(true),
    rescale_betas_zero_snr: flag(false),
    thresholding: only(false),
    dynamic_thresholding_ratio: ofThresholding,
    sample_max_value: ofThresholding,
    /** StableDiffusionPipeline turns it off. */
    clip_sample: z
      .unknown()
      .optional()
      .transform(() => false),
    clip_sample_range: withoutEffect('belongs to clip_sample, which the pipeline turns off'),
  }),
  pndm: z.object({
    ...noiseSchedule,
    timestep_spacing: spacing('leading'),
    steps_offset: stepsOffset,
    prediction_type: prediction('v_prediction'),
    set_alpha_to_one: flag(false),
    skip_prk_steps: flag(false),
  }),
  'dpm-solver++': z.object({
    ...noiseSchedule,
    ...sigmas, // sigma_min and sigma_max count here even in another class's file
    timestep_spacing: spacing('linspace'),
    steps_offset: stepsOffset,
    prediction_type: prediction('v_prediction', 'sample', 'flow_prediction'),
    rescale_betas_zero_snr: flag(false),
    solver_order: z.literal([1, 2, 3], 'expected 1, 2 or 3').default(2),
    /** deis belongs to another class; it counts as dpmsolver++ unless the run ends without noise, which is refused. */
    algorithm_type: oneOf('dpmsolver++', 'dpmsolver', 'deis').default('dpmsolver++'),
    /** logrho, bh1 and bh2 belong to other classes and count as midpoint. */
    solver_type: oneOf('midpoint', 'heun', 'logrho', 'bh1', 'bh2').default('midpoint'),
    lower_order_final: flag(true),
    euler_at_final: flag(false),
    use_lu_lambdas: flag(false),
    use_flow_sigmas: flag(false),
    flow_shift: positive.default(1),
    final_sigmas_type: finalSigma,
    lambda_min_clipped: z.number('expected a number').default(-Infinity),
    variance_type: only(null),
    thresholding: only(false),
    dynamic_thresholding_ratio: ofThresholding,
    sample_max_value: ofThresholding,
    use_dynamic_shifting: ofShifts,
    time_shift_type: ofShifts,
  }),
  euler: z.object({
    ...noiseSchedule,
    ...sigmas,
    timestep_spacing: spacing('linspace'),
    steps_offset: stepsOffset,
    prediction_type: prediction('v_prediction', 'sample'),
    rescale_betas_zero_snr: flag(false),
    interpolation_type: oneOf('linear', 'log_linear').default('linear'),
    timestep_type: oneOf('discrete', 'continuous').default('discrete'),
    final_sigmas_type: finalSigma,
  }),
};

export type SolverConfig<Name extends SchedulerName> = z.infer<(typeof solverSchemas)[Name]>;

/**
 * Returns a scheduler's configuration, the same as in a `StableDiffusionPipeline` whose scheduler is made by diffusers'
 * `X.from_config` from the folder's file.
 * @throws InputError that names the file, the key and the value that cannot be applied
 */
export function solverConfig<Name extends SchedulerName>(
  name: Name,
  { json, source }: SchedulerFile,
): SolverConfig<Name> {
  const config = parseConfig(solverSchemas[name] as unknown as z.ZodType<SolverConfig<Name>>, json, source);
  const values = config as Json;
  const refuse = (problem: string, ...keys: string[]) => {
    throw new InputError(
      `${source}: ${keys.map((key) => `${key} is ${JSON.stringify(values[key])}`).join(' and ')}: ${problem}.`,
    );
  };
  const { trained_betas: betas, num_train_timesteps: count } = config;
  if (betas && betas.length !== count)
    throw new InputError(`${source}: trained_betas has ${betas.length} numbers; num_train_timesteps is ${count}.`);
  const spaced = ['use_karras_sigmas', 'use_exponential_sigmas', 'use_beta_sigmas'].filter((key) => values[key]);
  if (spaced.length > 1) refuse('expected at most one of them', ...spaced);
  const { algorithm_type: algorithm } = values;
  if (algorithm !== undefined && algorithm !== 'dpmsolver++' && values['final_sigmas_type'] === 'zero')
    refuse('only dpmsolver++ can end without noise; expected "sigma_min"', 'algorithm_type', 'final_sigmas_type');
  if (algorithm === 'dpmsolver' && values['prediction_type'] === 'flow_prediction')
    refuse('only dpmsolver++ supports a flow', 'algorithm_type', 'prediction_type');
  return config;
}
